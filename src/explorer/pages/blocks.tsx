import { client, live } from "../live.ts";
import type { Markup } from "../markup.ts";
import { BlockTable } from "../parts/blocks.tsx";
import { Answer, Section } from "../parts/layout.tsx";
import { useLoad, useStore } from "../store.ts";

const pageSize = 25;

/** The canonical blocks below the height `before`; without it the newest ones, updated live. */
export function Blocks({ before }: { before: number | undefined }): Markup {
  const { status } = useStore(live);
  const key = before ?? status?.head?.id;
  const page = useLoad(
    () => client.blocks({ limit: pageSize, ...(before !== undefined && { before }) }),
    `${before} ${key}`,
  );
  return (
    <>
      <h1>Blocks</h1>
      <Answer
        loaded={page}
        show={({ blocks, next }) => (
          <Section
            title={before === undefined ? "Newest" : `Below ${before}`}
            aside={<a href="#/forks">Forks</a>}
          >
            <BlockTable rows={blocks} finalHeight={status?.finalized?.height ?? -1} />
            <nav class="pager" aria-label="More of this list">
              {before === undefined ? null : <a href="#/blocks">Newest</a>}
              {next === null ? null : <a href={`#/blocks?before=${next}`}>Older</a>}
            </nav>
          </Section>
        )}
      />
    </>
  );
}
