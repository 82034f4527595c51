import { dateTime, duration, rounded, whole } from "../format.ts";
import { client, live } from "../live.ts";
import type { Markup } from "../markup.ts";
import { Answer, Section } from "../parts/layout.tsx";
import { Plot } from "../parts/plot.tsx";
import { useLoad, useStore } from "../store.ts";
import { longTerm } from "./long-term.ts";

const spans = [
  { hours: 24, name: "A day" },
  { hours: 168, name: "A week" },
  { hours: 744, name: "A month" },
] as const;

const empty = "Nothing was measured.";

/** The chain by the hour. */
export function LongTermPage({ hours: asked }: { hours: number | undefined }): Markup {
  const { polls } = useStore(live);
  const { hours: limit } = spans.find(({ hours }) => hours === asked) ?? spans[0];
  // The hour under way changes all the time; a look now and then is enough.
  const loaded = useLoad(() => client.figures({ limit }), `${limit} ${Math.floor(polls / 12)}`);
  return (
    <>
      <h1>Long term</h1>
      <nav class="pager" aria-label="Span">
        {spans.map((span) => (
          <a
            key={span.hours}
            href={`#/long-term?hours=${span.hours}`}
            aria-current={span.hours === limit ? "true" : undefined}
          >
            {span.name}
          </a>
        ))}
      </nav>
      <Answer
        loaded={loaded}
        show={({ hours }) => {
          const { rates, intervals, longest, finality, accounts, missed } = longTerm(hours, {
            count: limit,
            label: dateTime,
          });
          const number = (value: number) => whole(Math.round(value));
          return (
            <Section title="By the hour" aside="an hour without a block is a gap">
              <div class="plots wide">
                <Plot
                  title="Transactions"
                  samples={rates}
                  kind="bars"
                  format={(value: number) => `${rounded(value)}/s`}
                  empty={empty}
                />
                <Plot title="Block interval" samples={intervals} format={duration} empty={empty} />
                <Plot
                  title="Longest interval"
                  samples={longest}
                  kind="bars"
                  format={duration}
                  empty={empty}
                />
                <Plot title="Time to finality" samples={finality} format={duration} empty={empty} />
                <Plot title="Accounts" samples={accounts} format={number} empty={empty} />
                <Plot title="Missed turns" samples={missed} kind="bars" format={number} empty={empty} />
              </div>
              <p class="quiet">
                The node keeps these figures for a year. Times to finality are those that this node saw while
                it ran.
              </p>
            </Section>
          );
        }}
      />
    </>
  );
}
