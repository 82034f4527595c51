import { execFileSync } from "node:child_process";
import { copyFileSync, mkdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { World } from "../e2e/harness/open-world.ts";

/** A file system in a file, whose contents are what a power cut would leave. */
export class DiskImage {
  readonly folder: string;
  readonly #file: string;

  private constructor(file: string, folder: string) {
    this.#file = file;
    this.folder = folder;
  }

  /** Makes an empty ext4 file system of `bytes` that is mounted until the world ends. */
  static create(world: World, name: string, bytes: number): DiskImage {
    const image = DiskImage.#at(world, name);
    writeFileSync(image.#file, "");
    truncateSync(image.#file, bytes);
    // Initializes everything at once; later writes by the kernel are not part of the test.
    run("mkfs.ext4", "-q", "-F", "-E", "lazy_itable_init=0,lazy_journal_init=0", image.#file);
    image.mount();
    world.onEnd(() => image.remove());
    return image;
  }

  /**
   * Copies the state that a power cut would leave now to another image, which is not mounted. Writers must be stopped,
   * since the copy is repeated until two copies are equal and so of one moment.
   */
  cut(world: World, name: string): DiskImage {
    const copy = DiskImage.#at(world, name);
    copyFileSync(this.#file, copy.#file);
    while (!readFileSync(copy.#file).equals(readFileSync(this.#file))) copyFileSync(this.#file, copy.#file);
    return copy;
  }

  /** Mounts the image; ext4 recovers from its journal. */
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
