/** A text of several hosts, possibly with different lines. */
export interface Forms {
  /** The first host's text, line by line. */
  readonly lines: readonly string[];
  /** Hosts with a different text: the lines that differ, or the whole text if the number of lines differs. */
  readonly others: readonly { readonly hosts: readonly string[]; readonly form: Form }[];
}

export type Form = readonly (readonly [line: number, text: string])[] | string;

/** One text per host, in order; the first is shown, the others as differences from it. */
export function formsOf(texts: readonly { readonly host: string; readonly text: string }[]): Forms {
  const [first, ...rest] = texts;
  const base = first?.text ?? '';
  const lines = linesOf(base);
  const byText = new Map<string, string[]>();
  for (const { host, text } of rest) {
    if (text === base) continue;
    const hosts = byText.get(text);
    if (hosts === undefined) byText.set(text, [host]);
    else hosts.push(host);
  }
  const others = [...byText].map(([text, hosts]) => ({ hosts, form: formOf(lines, text) }));
  return { lines, others };
}

function linesOf(text: string): readonly string[] {
  return text.replace(/\n$/, '').split('\n');
}

function formOf(base: readonly string[], text: string): Form {
  const lines = linesOf(text);
  if (lines.length !== base.length) return lines.join('\n');
  return lines.flatMap((line, index) => (line === base[index] ? [] : [[index, line] as const]));
}
