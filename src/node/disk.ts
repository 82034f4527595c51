import { statfsSync } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";

/** Of the file system that holds `folder`; `undefined` where it does not say. */
export function freeBytes(folder: string): number | undefined {
  try {
    const { bavail, bsize } = statfsSync(folder);
    return bavail * bsize;
  } catch {
    return undefined;
  }
}

/** Of the files in `folder`; files may go while they are looked at. */
export async function folderBytes(folder: string): Promise<number | undefined> {
  const names = await readdir(folder).catch(() => undefined);
  if (!names) return undefined;
  const sizes = await Promise.all(
    names.map((name) =>
      stat(join(folder, name)).then(
        ({ size }) => size,
        () => 0,
      ),
    ),
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}
