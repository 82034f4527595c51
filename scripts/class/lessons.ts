import { clone } from "./clone.ts";
import type { Lesson } from "./lesson.ts";
import { partition } from "./partition.ts";
import { vote } from "./vote.ts";

export const lessons: Readonly<Record<string, Lesson>> = { partition, clone, vote };
