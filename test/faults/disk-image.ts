import { execFileSync } from "node:child_process";
import { copyFileSync, mkdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { World } from "../e2e/harness/open-world.ts";

/** A file system of its own in a file: what is in the file is what a power cut leaves. */
export class DiskImage {
  readonly folder: string;
  readonly #file: string;

  private constructor(file: string, folder: string) {
    this.#file = file;
    this.folder = folder;
  }

  /** An empty ext4 of `bytes`, mounted until the world ends. */
  static create(world: World, name: string, bytes: number): DiskImage {
    const image = DiskImage.#at(world, name);
    writeFileSync(image.#file, "");
    truncateSync(image.#file, bytes);
    // All at once: what the kernel would write later is no part of the test.
    run("mkfs.ext4", "-q", "-F", "-E", "lazy_itable_init=0,lazy_journal_init=0", image.#file);
    image.mount();
    world.onEnd(() => image.remove());
    return image;
  }

  /**
   * The state that a power cut now would leave, as another image, not mounted. Whoever writes to this one has to be stopped: the
   * copy is made again until it is the same twice, so that it is of one moment.
   */
  cut(world: World, name: string): DiskImage {
    const copy = DiskImage.#at(world, name);
    copyFileSync(this.#file, copy.#file);
    while (!readFileSync(copy.#file).equals(readFileSync(this.#file))) copyFileSync(this.#file, copy.#file);
    return copy;
  }

  /** ext4 brings itself in order from its journal. */
  mount(): void {
    mkdirSync(this.folder, { recursive: true });
    run("mount", "-o", "loop", this.#file, this.folder);
  }

  remove(): void {
    run("umount", this.folder);
    rmSync(this.#file);
  }

  static #at(world: World, name: string): DiskImage {
    return new DiskImage(join(world.dataDir, `${name}.img`), join(world.dataDir, name));
  }
}

function run(command: string, ...args: string[]): void {
  execFileSync(command, args, { stdio: ["ignore", "ignore", "pipe"] });
}
