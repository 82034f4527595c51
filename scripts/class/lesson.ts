import type { Classroom, Seating } from "./classroom.ts";

export interface LessonOptions {
  name: string;
  /** After what is to be read. */
  pauseMs: number;
  periodMs: number;
}

export interface Lesson extends Seating {
  /** @throws where something else happens than what it says. */
  run(room: Classroom): Promise<void>;
}
