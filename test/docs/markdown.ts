/** A piece of code in a Markdown text. */
export interface Code {
  /** The heading that it stands under. */
  readonly heading: string;
  /** Language of a fenced block, '' where none is named; undefined: a span within a line. */
  readonly language: string | undefined;
  readonly text: string;
}

/** Every fenced block and every code span, from top to bottom. */
export function codeOf(markdown: string): readonly Code[] {
  const found: Code[] = [];
  let heading = '';
  let block: { readonly language: string; readonly lines: string[] } | undefined;
  for (const line of markdown.split('\n')) {
    const fence = /^```(\w*)$/.exec(line);
    if (block !== undefined && fence === null) block.lines.push(line);
    else if (block !== undefined) {
      found.push({ heading, language: block.language, text: block.lines.join('\n') });
      block = undefined;
    } else if (fence !== null) block = { language: fence[1] ?? '', lines: [] };
    else {
      heading = /^#+ (.*)$/.exec(line)?.[1] ?? heading;
      for (const [, text = ''] of line.matchAll(/`([^`]+)`/g))
        found.push({ heading, language: undefined, text });
    }
  }
  return found;
}

/** Command lines of `program`, in shell blocks and in spans, without the comment behind them. */
export function commandsOf(code: readonly Code[], program: string): readonly (Code & { line: string })[] {
  return code
    .filter(({ language }) => language === undefined || language === 'sh')
    .flatMap((piece) =>
      piece.text
        .split('\n')
        .flatMap((line) => line.replace(/\s+#.*$/, '').split(/\s*(?:&&|;)\s*/))
        .map((line) => line.replace(/^(?:sudo )?(?:[A-Z_]+=\S+ )*/, ''))
        .filter((line) => line.startsWith(`${program} `))
        .map((line) => ({ ...piece, line })),
    );
}

/** Targets of links to files of the repository, without their anchors. */
export function linksOf(markdown: string): readonly string[] {
  return [...markdown.matchAll(/\]\(([^)#:\s]+)(?:#[^)]*)?\)/g)].map(([, target = '']) => target);
}
