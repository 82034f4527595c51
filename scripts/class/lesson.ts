import type { Side } from "../../test/e2e/harness/lab.ts";
import type { Classroom } from "./classroom.ts";
import { clone } from "./clone.ts";
import { partition } from "./partition.ts";
import { vote } from "./vote.ts";

export interface LessonOptions {
  name: string;
  /** After what is to be read. */
  pauseMs: number;
  periodMs: number;
}

export interface Lesson {
  /** One line. */
  about: string;
  /** The switch that each machine is on. */
  sides: readonly Side[];
  /** So many of the machines, the first ones, have an authority. */
  authorities: number;
  /** @throws where something else happens than what it says. */
  run(room: Classroom): Promise<void>;
}

export const lessons: Readonly<Record<string, Lesson>> = { partition, clone, vote };
