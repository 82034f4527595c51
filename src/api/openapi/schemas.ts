import { z } from "zod";

/** A JSON Schema (draft 2020-12), as far as this interface's are made of it. */
export interface JsonSchema {
  $ref?: string;
  type?: string;
  description?: string;
  enum?: unknown[];
  const?: unknown;
  properties?: Record<string, JsonSchema>;
  required?: string[];
  items?: JsonSchema;
  prefixItems?: JsonSchema[];
  anyOf?: JsonSchema[];
  default?: unknown;
  [keyword: string]: unknown;
}

const prefix = "#/components/schemas/";

/** Turns zod schemas into JSON Schemas; those with a name are collected and referred to. */
export class SchemaCollection {
  readonly #named = new Map<string, JsonSchema>();

  /** By name, in alphabetical order. */
  get named(): Record<string, JsonSchema> {
    return Object.fromEntries([...this.#named].sort(([a], [b]) => (a < b ? -1 : 1)));
  }

  /** Schema of an answer: a client may find more in it than the schema says. */
  add(schema: z.ZodType): JsonSchema {
    const { $defs = {}, $schema: _, ...converted } = z.toJSONSchema(schema, { io: "input" });
    for (const [name, definition] of Object.entries($defs)) this.#named.set(name, refer(definition));
    return refer(converted);
  }
}

/** The name of the schema that is referred to. */
export function refName($ref: string): string {
  return $ref.slice(prefix.length);
}

/** Definitions are not in the schema, but beside it in the document. */
function refer(schema: object): JsonSchema {
  return JSON.parse(JSON.stringify(schema).replaceAll('"#/$defs/', `"${prefix}`));
}
