import { plural } from '../model/plural.ts';
import { view } from './printable.ts';

/** What an archive has and lacks, and what to do with it. */
export const supportText = view(
  (written: {
    readonly file: string;
    readonly files: number;
    readonly bytes: number;
    readonly missing: readonly { readonly what: string; readonly why: string }[];
  }): string => {
    const { file, files, bytes, missing } = written;
    return [
      `${file} written: ${plural(files, 'file')}, ${Math.ceil(bytes / 1024)} KiB`,
      ...(missing.length === 0 ? [] : ['It lacks:', ...missing.map(({ what, why }) => `  ${what}: ${why}`)]),
      'Keys, tokens and passwords were taken out. Names, addresses and log lines are in it: look at it before you send it.',
      `  tar -tzf ${file}`,
    ].join('\n');
  },
);
