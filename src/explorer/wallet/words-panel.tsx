import { useEffect, useRef, useState } from "preact/hooks";
import { later } from "../later.ts";
import type { Markup } from "../markup.ts";
import { Problem } from "../parts/layout.tsx";
import { useLoad } from "../store.ts";
import { Field, FieldError, FormEnd, Submit, useSubmit } from "./form.tsx";

const askedWords = 3;

/** Shows the words of a key, then asks for some of them; `onChecked` is called when they are right. */
export function WordsPanel({
  entropy,
  onChecked,
  onClose,
}: {
  entropy: Uint8Array;
  onChecked(): void;
  onClose(): void;
}): Markup {
  const [isAsking, setAsking] = useState(false);
  const heading = useRef<HTMLHeadingElement>(null);
  const loaded = useLoad(async () => (await later("backup.js")).wordsOf(entropy), entropy);
  const words = loaded.data;
  useEffect(() => heading.current?.focus(), [isAsking, words]);
  if (!words) return loaded.error ? <Problem error={loaded.error} /> : <p class="empty wait">Loading…</p>;
  return (
    <div class="panel">
      <h3 tabindex={-1} ref={heading}>
        {isAsking ? "Enter these words" : `Write down these ${words.length} words, in this order`}
      </h3>
      {isAsking ? (
        <Question words={words} onRight={onChecked} onBack={() => setAsking(false)} />
      ) : (
        <>
          <ol class="words">
            {words.map((word, index) => (
              <li key={index}>{word}</li>
            ))}
          </ol>
          <p class="quiet">
            On paper, where nobody else sees it: whoever has the words can spend the coins. With them any
            node’s page restores the key, without your contacts.
          </p>
          <div class="actions">
            <button type="button" class="primary" onClick={() => setAsking(true)}>
              I have written them down
            </button>
            <button type="button" onClick={onClose}>
              Later
            </button>
          </div>
        </>
      )}
    </div>
  );
}

function Question({
  words,
  onRight,
  onBack,
}: {
  words: readonly string[];
  onRight(): void;
  onBack(): void;
}): Markup {
  const [places] = useState(() => somePlaces(words.length));
  const { errors, isBusy, onSubmit } = useSubmit(async (values) => {
    for (const place of places) {
      const word = values[`word-${place}`]?.trim().toLowerCase();
      if (word !== words[place]) throw new FieldError(`word-${place}`, "This is another word. Look again.");
    }
    onRight();
  });
  return (
    <form class="form" onSubmit={onSubmit} aria-label="Check the words">
      {places.map((place) => (
        <Field
          key={place}
          name={`word-${place}`}
          label={`Word ${place + 1}`}
          autocomplete="off"
          error={errors[`word-${place}`]}
        />
      ))}
      <FormEnd errors={errors}>
        <Submit isBusy={isBusy}>Check</Submit>
        <button type="button" onClick={onBack}>
          Show them again
        </button>
      </FormEnd>
    </form>
  );
}

/** Chooses places at random, in order. */
function somePlaces(count: number): number[] {
  const places = new Set<number>();
  while (places.size < askedWords) places.add(Math.floor(Math.random() * count));
  return [...places].sort((a, b) => a - b);
}
