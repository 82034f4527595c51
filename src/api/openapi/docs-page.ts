import { cspHash } from "../csp-hash.ts";
import type { Content, OpenApiDocument, OperationObject, ResponseObject } from "./document.ts";
import { Html, html, inline, markdown } from "./html.ts";
import { type JsonSchema, refName } from "./schemas.ts";

const style = `
:root { color-scheme: light dark; --line: color-mix(in srgb, currentColor 18%, transparent); --soft: color-mix(in srgb, currentColor 6%, transparent) }
body { color: light-dark(#15181b, #e9ecee); background: light-dark(#fff, #15191c) } a { color: light-dark(#0b6e63, #63cfbf) }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 62rem; margin: 0 auto; padding: 1.5rem; overflow-wrap: anywhere }
h1 { margin: 0 } h2 { margin: 3rem 0 .5rem } h3 { margin: 0; font-size: 1rem }
nav { columns: 18rem; margin: 1.5rem 0 } nav ul { list-style: none; padding: 0; margin: 0 0 1rem; break-inside: avoid }
section { border: 1px solid var(--line); border-radius: .5rem; padding: 1rem 1.25rem; margin: 1rem 0 }
section :target, section:target { outline: 2px solid Highlight }
table { border-collapse: collapse; margin: .5rem 0; width: 100% }
th, td { text-align: left; vertical-align: top; padding: .3rem .8rem .3rem 0; border-bottom: 1px solid var(--line) }
td > table { margin: .3rem 0 }
code, pre { font: .92em ui-monospace, monospace } code { background: var(--soft); padding: .1em .3em; border-radius: .25em }
pre { background: var(--soft); padding: .6rem .8rem; border-radius: .4rem; white-space: pre-wrap }
p { margin: .4rem 0 } .method { display: inline-block; min-width: 4.5rem; font-weight: 700 } .dim { color: light-dark(#5a6068, #9aa4ac) }
`;

/** Nothing is loaded from elsewhere, and no script runs. */
export const docsPolicy = `default-src 'none'; style-src ${cspHash(style)}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`;

/** The OpenAPI document for people, on one page without scripts. */
export function docsPage(document: OpenApiDocument): string {
  const { info, tags, paths, components } = document;
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method: method.toUpperCase(), operation })),
  );
  const tagged = (name: string) => operations.filter(({ operation }) => operation.tags.includes(name));
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${info.title}: HTTP interface</title>
<style>${new Html(style)}</style>
</head>
<body>
<header>
<h1>${info.title}</h1>
<p class="dim">version ${info.version}; for programs: <a href="openapi.json">openapi.json</a></p>
${markdown(info.description)}
</header>
<nav aria-label="Routes">${tags.map(
    ({ name }) =>
      html`<ul><li><strong>${name}</strong></li>${tagged(name).map(
        ({ path, method, operation }) =>
          html`<li><a href="#${operation.operationId}">${method} ${path}</a></li>`,
      )}</ul>`,
  )}<ul><li><a href="#schemas"><strong>Schemas</strong></a></li><li><a href="#Problem"><strong>Errors</strong></a></li></ul></nav>
<main>
${tags.map(
  ({ name, description }) => html`<h2>${name}</h2><p class="dim">${description}</p>
${tagged(name).map(({ path, method, operation }) => operationSection(method, path, operation))}`,
)}
<h2 id="schemas">Schemas</h2>
${Object.entries(components.schemas).map(
  ([
    name,
    schema,
  ]) => html`<section id="${name}"><h3>${name}</h3>${markdown(schema.description)}${body(schema)}</section>
`,
)}
</main>
</body>
</html>
`;
  return page.text;
}

function operationSection(method: string, path: string, operation: OperationObject): Html {
  const { operationId, summary, description, parameters = [], requestBody, responses, security } = operation;
  const events = Object.entries(operation["x-events"] ?? {});
  return html`<section id="${operationId}">
<h3><span class="method">${method}</span><code>${path}</code></h3>
<p><strong>${summary}</strong></p>${markdown(description)}
${security && html`<p>Needs <code>Authorization: Bearer</code> with the admin token.</p>`}
<pre>${example(method, path, operation)}</pre>
${
  parameters.length > 0
    ? html`<table><tr><th>parameter</th><th>in</th><th>value</th><th>meaning</th></tr>${parameters.map(
        (parameter) =>
          html`<tr><td><code>${parameter.name}</code></td><td>${parameter.in}</td><td>${type(parameter.schema)}</td><td>${inline(parameter.description)}</td></tr>`,
      )}</table>`
    : undefined
}
${requestBody && contentTable("takes", requestBody.content)}
${Object.entries(responses).map(([status, response]) => responseBlock(status, response))}
${
  events.length > 0
    ? html`<table><tr><th>event</th><th>data</th></tr>${events.map(
        ([name, schema]) => html`<tr><td><code>${name}</code></td><td>${type(schema)}</td></tr>`,
      )}</table>`
    : undefined
}
</section>
`;
}

function example(method: string, path: string, { requestBody, security }: OperationObject): string {
  const words = ["curl -s"];
  if (method !== "GET") words.push(`-X ${method}`);
  if (security) words.push('-H "authorization: Bearer $(cat admin-token)"');
  if (requestBody) words.push("-H 'content-type: application/json' --data @body.json");
  return [...words, `"$URL${path}"`].join(" ");
}

function responseBlock(status: string, response: ResponseObject | { $ref: string }): Html | undefined {
  if ("$ref" in response) return undefined;
  const { description, content } = response;
  return Number(status) < 300
    ? contentTable(`${status} ${description}`, content)
    : html`<p>${status} ${inline(description)}</p>`;
}

function contentTable(title: string, content: Content): Html {
  return html`${Object.entries(content).map(
    ([mediaType, { schema }]) =>
      html`<p><strong>${title}</strong> <span class="dim">${mediaType}</span></p>${body(schema)}`,
  )}`;
}

/** A schema on its own: the members of an object, otherwise its type. */
function body(schema: JsonSchema): Html {
  return schema.properties && !schema.$ref ? members(schema) : html`<p>${type(schema)}</p>`;
}

function members({ properties = {}, required = [] }: JsonSchema): Html {
  return html`<table>${Object.entries(properties).map(
    ([name, schema]) =>
      html`<tr><td><code>${name}</code>${required.includes(name) ? undefined : html` <span class="dim">optional</span>`}</td><td>${type(schema)}</td><td>${schema.description === undefined ? undefined : inline(schema.description)}</td></tr>`,
  )}</table>`;
}

function type(schema: JsonSchema): Html {
  const { $ref, anyOf, items, properties, pattern, minimum, maximum } = schema;
  if ($ref !== undefined) return html`<a href="#${refName($ref)}">${refName($ref)}</a>`;
  if (anyOf) return html`${anyOf.map((each, index) => html`${index > 0 ? " or " : ""}${type(each)}`)}`;
  if (schema.const !== undefined) return html`<code>${String(schema.const)}</code>`;
  if (schema.enum)
    return html`${schema.enum.map((value, index) => html`${index > 0 ? ", " : ""}<code>${String(value)}</code>`)}`;
  if (items) return html`list of ${type(items)}`;
  if (properties) return members(schema);
  const range = maximum === Number.MAX_SAFE_INTEGER ? undefined : maximum;
  const limits = range === undefined ? "" : ` ${minimum} to ${range}`;
  const fallback = schema.default === undefined ? "" : `, default ${JSON.stringify(schema.default)}`;
  return html`${schema.type ?? "any"}${limits}${fallback}${pattern === undefined ? undefined : html` <code>${String(pattern)}</code>`}`;
}
