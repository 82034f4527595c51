import type { Classroom, Seating } from "./classroom.ts";

export interface LessonOptions {
  name: string;
  /** The pause after a text. */
  pauseMs: number;
  periodMs: number;
}

export interface Lesson extends Seating {
  /** Runs the lesson. @throws if something else happens than the lesson says */
  run(room: Classroom): Promise<void>;
}
