/** Runs a lesson in its own network namespace; main.ts starts it. */
import { messageOf } from "../../src/util/errors.ts";
import { openWorld } from "../../test/e2e/harness/open-world.ts";
import { openClassroom } from "./classroom.ts";
import type { LessonOptions } from "./lesson.ts";
import { lessons } from "./lessons.ts";

const options = JSON.parse(process.argv[2]!) as LessonOptions & { folder: string; urls: string[] };
const lesson = lessons[options.name]!;
const { world, close } = openWorld();
// A person who ends a lesson wants no logs, the test of a lesson that hangs does.
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.once(signal, () => void close(signal === "SIGTERM").finally(() => process.exit(1)));
}
let failed = true;
try {
  const room = await openClassroom(world, lesson, options);
  await lesson.run(room);
  await room.story.linger();
  room.story.title("The end");
  failed = false;
} catch (error) {
  console.error(`class: ${messageOf(error)}`);
} finally {
  await close(failed);
}
process.exit(failed ? 1 : 0);
