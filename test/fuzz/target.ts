/** Code that takes bytes from outside. */
export interface Target {
  name: string;
  /** Valid inputs, from which mutations start. */
  seeds: readonly Uint8Array[];
  /** With `json`, values are mutated as well as bytes. */
  form: "binary" | "json";
  /** Passes the input to the code and returns the outcome in words. @throws if the code breaks a promise */
  run(input: Uint8Array): string | Promise<string>;
  close?(): Promise<void>;
}

export function text(value: unknown): Uint8Array {
  return new TextEncoder().encode(typeof value === "string" ? value : JSON.stringify(value));
}
