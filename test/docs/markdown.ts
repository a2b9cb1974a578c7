/** A code block or span in a Markdown text. */
export interface Code {
  /** The heading above it. */
  readonly heading: string;
  /** Language of a fenced block, '' if none is given; undefined: an inline span. */
  readonly language: string | undefined;
  readonly text: string;
}

/** Every fenced block and every code span, in order. */
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

/** Command lines of `program`, in shell blocks and in spans, without trailing comments. */
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

/** Targets of links to files in the repository, without their anchors. */
export function linksOf(markdown: string): readonly string[] {
  return [...markdown.matchAll(/\]\(([^)#:\s]+)(?:#[^)]*)?\)/g)].map(([, target = '']) => target);
}

/** Links to a heading of a page in the repository; `file` is '' for the same page. */
export function linksToHeadings(
  markdown: string,
): readonly { readonly file: string; readonly anchor: string }[] {
  return [...markdown.matchAll(/\]\(([^)#:\s]*)#([^)\s]+)\)/g)].map(([, file = '', anchor = '']) => ({
    file,
    anchor,
  }));
}

/** The anchors of a page's headings, as GitHub makes them. */
export function anchorsOf(markdown: string): readonly string[] {
  return [...markdown.matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(' ', '-'),
  );
}
