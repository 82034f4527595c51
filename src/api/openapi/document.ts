import { STATUS_CODES } from "node:http";
import * as z from "zod";
import { version } from "../../config/index.ts";
import { type Operation, tags } from "../operation.ts";
import { type ProblemCode, problems } from "../problem.ts";
import { problemSchema } from "../schemas/problem.ts";
import { type JsonSchema, SchemaCollection } from "./schemas.ts";

/** The parts of OpenAPI 3.1 that this interface uses. */
export interface OpenApiDocument {
  openapi: string;
  info: Record<string, unknown> & { title: string; version: string; description: string };
  servers: { url: string; description: string }[];
  tags: { name: string; description: string }[];
  /** The security schemes of operations that name none themselves; an empty list: they need none. */
  security: [];
  paths: Record<string, Record<string, OperationObject>>;
  components: {
    schemas: Record<string, JsonSchema>;
    responses: Record<string, ResponseObject>;
    securitySchemes: Record<string, unknown>;
  };
}

export interface OperationObject {
  operationId: string;
  tags: string[];
  summary: string;
  description: string;
  parameters?: ParameterObject[];
  requestBody?: { required: true; content: Content };
  responses: Record<string, ResponseObject | { $ref: string }>;
  security?: Record<string, string[]>[];
  /** Data of server-sent events, by their names: OpenAPI 3.1 has no field for it. */
  "x-events"?: Record<string, JsonSchema>;
}

interface ParameterObject {
  name: string;
  in: "path" | "query" | "header";
  required: boolean;
  description: string;
  schema: JsonSchema;
}

export interface ResponseObject {
  description: string;
  content: Content;
}

export type Content = Record<string, { schema: JsonSchema }>;

const problemType = "application/problem+json";

const description = [
  "The HTTP interface of a ccoin node. docs/http.md says more about each route, and docs/client.md how to write a client.",
  "Amounts are decimal strings of base units, times are in ms since the Unix epoch. HEAD works wherever GET does. A query parameter or member of a body that does not exist is refused, never ignored; answers may grow members.",
  "Errors are RFC 9457 problem details with a stable `code`: the schema `Problem` lists all of them. Any route can answer `RATE_LIMITED`, `FORBIDDEN_HOST`, `FORBIDDEN_ORIGIN`, `HTTPS_REQUIRED`, `DAMAGED` and `INTERNAL`, and to methods that it does not have `METHOD_NOT_ALLOWED`.",
].join("\n\n");

/** The OpenAPI document of the operations. */
export function openApiDocument(operations: readonly Operation[]): OpenApiDocument {
  const schemas = new SchemaCollection();
  const problem = schemas.add(problemSchema);
  const paths: OpenApiDocument["paths"] = {};
  for (const operation of operations) {
    paths[operation.path] ??= {};
    paths[operation.path]![operation.method.toLowerCase()] = operationObject(operation, schemas, problem);
  }
  return {
    openapi: "3.1.1",
    info: {
      title: "ccoin node",
      version,
      description,
      contact: { name: "CryptoCoin (ccoin)" },
      license: { name: "MIT", identifier: "MIT" },
    },
    servers: [{ url: ".", description: "The node that this document comes from." }],
    tags: Object.entries(tags).map(([name, text]) => ({ name, description: text })),
    security: [],
    paths,
    components: {
      schemas: schemas.named,
      responses: {
        Problem: { description: "Any other problem.", content: { [problemType]: { schema: problem } } },
      },
      securitySchemes: {
        adminToken: {
          type: "http",
          scheme: "bearer",
          description: "The text of the file `admin-token` in the node's folder.",
        },
      },
    },
  };
}

function operationObject(
  operation: Operation,
  schemas: SchemaCollection,
  problem: JsonSchema,
): OperationObject {
  const { id, tag, summary, params, query, headers, body, status = 200, answer, admin, events } = operation;
  const parameters = [
    ...parameterObjects("path", params, schemas),
    ...parameterObjects("query", query, schemas),
    ...parameterObjects("header", headers, schemas),
  ];
  return {
    operationId: id,
    tags: [tag],
    summary,
    description: operation.description,
    ...(parameters.length > 0 && { parameters }),
    ...(body && { requestBody: { required: true, content: contentOf(body, schemas) } }),
    responses: {
      [status]: {
        description: STATUS_CODES[status]!,
        content: contentOf(
          { [operation.mediaType ?? "application/json"]: answer, ...operation.otherAnswers },
          schemas,
        ),
      },
      ...problemResponses(problemCodes(operation), problem),
      default: { $ref: "#/components/responses/Problem" },
    },
    ...(events && {
      "x-events": Object.fromEntries(
        Object.entries(events).map(([name, schema]) => [name, schemas.add(schema)]),
      ),
    }),
    ...(admin && { security: [{ adminToken: [] }] }),
  };
}

function parameterObjects(
  place: ParameterObject["in"],
  object: z.ZodObject | undefined,
  schemas: SchemaCollection,
): ParameterObject[] {
  return Object.entries((object?.shape ?? {}) as Record<string, z.ZodType>).map(([name, schema]) => {
    const { description, ...rest } = schemas.add(schema);
    const named =
      rest.$ref === undefined ? description : (description ?? z.globalRegistry.get(schema)?.description);
    return {
      name,
      in: place,
      required: !schema.safeParse(undefined).success,
      description: named ?? "",
      schema: { ...rest, ...(schema instanceof z.ZodDefault && { default: schema.def.defaultValue }) },
    };
  });
}

function contentOf(byMediaType: Readonly<Record<string, z.ZodType>>, schemas: SchemaCollection): Content {
  return Object.fromEntries(
    Object.entries(byMediaType).map(([mediaType, schema]) => [mediaType, { schema: schemas.add(schema) }]),
  );
}

/** The codes that follow from the operation, and those that it names. */
function problemCodes({ body, admin, dear, problems: named = [] }: Operation): ProblemCode[] {
  const codes: ProblemCode[] = ["MALFORMED", ...named];
  if (admin) codes.push("UNAUTHORIZED");
  if (body) codes.push("BODY_TOO_LARGE", "UNSUPPORTED_MEDIA_TYPE", "OVERLOADED");
  if (dear) codes.push("OVERLOADED");
  return codes;
}

/** The responses by status. */
function problemResponses(codes: ProblemCode[], problem: JsonSchema): Record<string, ResponseObject> {
  const byStatus = Object.groupBy(codes, (code) => problems[code].status);
  return Object.fromEntries(
    Object.entries(byStatus).map(([status, some = []]) => [
      status,
      {
        description: some.map((code) => `\`${code}\`: ${problems[code].title}.`).join(" "),
        content: { [problemType]: { schema: { ...problem, properties: { code: { enum: some } } } } },
      },
    ]),
  );
}
