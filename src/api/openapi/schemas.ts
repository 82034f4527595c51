import * as z from "zod";

/** The parts of JSON Schema (draft 2020-12) that this interface uses. */
export interface JsonSchema {
  $ref?: string;
  type?: string;
  description?: string;
  enum?: unknown[];
  const?: unknown;
  properties?: Record<string, JsonSchema>;
  required?: string[];
  items?: JsonSchema;
  anyOf?: JsonSchema[];
  default?: unknown;
  [keyword: string]: unknown;
}

const prefix = "#/components/schemas/";

/** Turns zod schemas into JSON Schemas. Those with a name are collected and referenced. */
export class SchemaCollection {
  readonly #named = new Map<string, JsonSchema>();

  /** The collected schemas by name, in alphabetical order. */
  get named(): Record<string, JsonSchema> {
    return Object.fromEntries([...this.#named].sort(([a], [b]) => (a < b ? -1 : 1)));
  }

  /** Adds the schema of an answer: a client may find more members in it than the schema lists. */
  add(schema: z.ZodType): JsonSchema {
    const { $defs = {}, $schema: _, ...converted } = z.toJSONSchema(schema, { io: "input" });
    for (const [name, definition] of Object.entries($defs)) this.#named.set(name, refer(definition));
    return refer(converted);
  }
}

/** The name of the referenced schema. */
export function refName($ref: string): string {
  return $ref.slice(prefix.length);
}

/** Definitions are not inside the schema, but beside it in the document. */
function refer(schema: object): JsonSchema {
  return JSON.parse(JSON.stringify(schema).replaceAll('"#/$defs/', `"${prefix}`));
}
