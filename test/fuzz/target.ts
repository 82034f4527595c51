/** Something that takes bytes from outside. */
export interface Target {
  name: string;
  /** Valid inputs, which mutations begin with. */
  seeds: readonly Uint8Array[];
  /** `json`: values are changed too, not only bytes. */
  form: "binary" | "json";
  /** Gives the input to the code, and tells in words what came of it. @throws where the code does what it must not. */
  run(input: Uint8Array): string | Promise<string>;
  close?(): Promise<void>;
}

export function text(value: unknown): Uint8Array {
  return new TextEncoder().encode(typeof value === "string" ? value : JSON.stringify(value));
}
