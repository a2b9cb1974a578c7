import { wrap } from './wrap.ts';

/** Text in lines of at most `width` columns, broken between words; a longer word gets its own line. */
export function paragraph(text: string, width: number, indent = ''): string {
  return wrap(text.trim().replaceAll(/\s+/g, ' '), width - indent.length)
    .map((line) => indent + line)
    .join('\n');
}
