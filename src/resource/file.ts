import { plural } from '../model/plural.ts';
import { dirname, basename } from 'node:path/posix';
import { sha256 } from '../model/digest.ts';
import { oddFile, queryFiles, readFiles, type FileFound } from './digests.ts';
import { hasPlaceholder } from './placeholder.ts';
import { quote, quoteAll } from '../model/shell.ts';
import type { Content, FileResource, Kind } from './types.ts';

/** null: an earlier step of the same plan writes it, with a key that is only made then. */
type FoundBefore = Omit<FileFound, 'digest'> & { readonly digest: string | null };

/** Temporary path for a file's new content: beside it, with a name that the kubelet's file source skips. */
export function besidePath(path: string): string {
  return `${dirname(path)}/.kboot~${basename(path)}`;
}

/** Digest of the future content on disk, or null while a part of it is not issued yet. */
export function contentDigest(content: Content): string | null {
  if (content.kind === 'secret') return content.digest;
  return hasPlaceholder(content.text) ? null : sha256(content.text);
}

/**
 * Shell that puts a payload in place as a file. `expected`: the digest of what is there; null: not known. `shown`: plans
 * show the text, and so they may show it when it is replaced.
 */
export function installScript(
  path: string,
  mode: string,
  expected: string | null,
  readBy: readonly string[],
  { shown = false, owner }: { readonly shown?: boolean; readonly owner?: string | undefined } = {},
): string {
  return [
    ...(expected === null ? [] : [`kb_expect ${quote(path)} ${expected}`]),
    ...(readBy.length === 0 ? [] : [`kb_disturb ${quoteAll(readBy)}`]),
    ...(shown ? [`kb_wrote ${quote(besidePath(path))} ${quote(path)}`] : []),
    ...(owner === undefined ? [] : [`chown ${quote(`${owner}:`)} -- ${quote(besidePath(path))}`]),
    `kb_install ${quote(besidePath(path))} ${quote(path)} ${mode}`,
    `kb_large ${quote(path)}`,
  ].join(' && ');
}

/** A file of moderate size, with its content, mode and owner. */
export const file: Kind<FileResource, FoundBefore> = {
  name: (want) => want.path,
  query: (wants, asking) =>
    queryFiles(
      wants.map((want) => want.path),
      asking,
    ),
  read(wants, output) {
    const seen = readFiles(output);
    return wants.map((want) => {
      const found = seen.get(want.path);
      if (found === undefined) return { state: 'absent' };
      if (found.mode === 'odd') return { state: 'unknown', reason: oddFile(want.path) };
      return { state: 'present', found };
    });
  },
  action(want, found) {
    const digest = contentDigest(want.content);
    const readBy = want.readBy ?? [];
    if (found.state === 'present' && digest !== null && found.found.digest === digest) {
      const { mode, owner = 'root' } = found.found;
      const given = want.owner === undefined || want.owner === owner ? undefined : want.owner;
      if (mode === want.mode && given === undefined) return undefined;
      const path = quote(want.path);
      return {
        verb: 'update',
        reason: [
          ...(mode === want.mode ? [] : [`mode ${mode} becomes ${want.mode}`]),
          ...(given === undefined ? [] : [`owner ${owner} becomes ${given}`]),
        ].join(', '),
        script: [
          ...(mode === want.mode ? [] : [`chmod ${want.mode} -- ${path}`]),
          ...(given === undefined ? [] : [`chown ${quote(`${given}:`)} -- ${path}`]),
        ].join(' && '),
        effects: [],
        timeoutSeconds: 30,
      };
    }
    const expected = found.state === 'present' ? found.found.digest : 'absent';
    return {
      verb: found.state === 'absent' ? 'create' : 'update',
      reason: describe(want.content),
      script: `${checkScript(want)}${installScript(want.path, want.mode, expected, readBy, {
        shown: want.content.kind === 'text',
        owner: want.owner,
      })}`,
      payload: { path: besidePath(want.path), content: want.content },
      disturbs: readBy,
      ...(expected !== null && { expects: { path: want.path, digest: expected } }),
      effects: [],
      timeoutSeconds: want.check === undefined ? 60 : 180,
    };
  },
};

function checkScript({ path, check }: FileResource): string {
  if (check === undefined) return '';
  const beside = quote(besidePath(path));
  return `kb_accepts() {\n${check}\n}\nkb_accepts ${beside} || { rm -f -- ${beside}; exit 1; }\n`;
}

function describe(content: Content): string {
  if (content.kind === 'text') {
    const lines = content.text.split('\n').length - 1;
    return plural(lines, 'line');
  }
  return content.digest === null
    ? `secret ${content.name}, issued when applied`
    : `secret ${content.name}, sha256 ${content.digest.slice(0, 12)}`;
}
