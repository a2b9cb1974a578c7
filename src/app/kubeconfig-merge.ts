import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { isMap, isSeq, parseDocument, type Document, type YAMLMap, type YAMLSeq } from 'yaml';
import { KbootError } from '../model/error.ts';
import { isSignedBy, readableCertificates } from '../pki/parse.ts';
import { trustBundle, type Pki } from '../pki/types.ts';
import { readText } from '../store/atomic.ts';
import { replaceKubeconfig, withKubeconfigLocks, type KubeconfigFiles } from '../store/kubeconfig-file.ts';
import { kubeconfigEntries, type KubeconfigChoice, type KubeconfigPlace } from './kubeconfig.ts';
import { remedies } from './remedies.ts';

/** What `kubeconfig --merge` did. */
export interface Merged {
  /** Files that were written, and the copies of those that were there. */
  readonly files: readonly string[];
  readonly backups: readonly string[];
  readonly context: string;
  /** The context that was current before; undefined if there was none, or it is the same. */
  readonly before: string | undefined;
}

/** A list of a kubeconfig, and the field of its entries. */
const lists = [
  ['clusters', 'cluster'],
  ['users', 'user'],
  ['contexts', 'context'],
] as const;
type List = (typeof lists)[number][0];

/** What says that an entry is of this cluster, even after its CAs were exchanged. */
const extensionName = 'kboot.dev/cluster';

/** Other ways to reach or prove than the one that kboot writes; with it, they contradict or are ignored. */
const contradictory: Readonly<Record<List, readonly string[]>> = {
  clusters: ['certificate-authority', 'insecure-skip-tls-verify'],
  users: [
    ...['client-certificate', 'client-key', 'token', 'tokenFile', 'username', 'password'],
    ...['auth-provider', 'exec'],
  ],
  contexts: [],
};

interface Loaded {
  readonly file: string;
  readonly text: string | undefined;
  readonly document: Document;
  /** What the document would be written as before any change. */
  readonly unchanged: string;
}

/**
 * Merges the administrator's entries into the kubeconfigs that kubectl reads: each where an entry of that name is, or else where
 * kubectl puts new ones; everything else stays, comments too. The context becomes the current one. An entry that is of another
 * cluster is replaced only with `force`. Throws KbootError E-USAGE if there is one, E-STATE if a file is not a kubeconfig.
 */
export async function mergeKubeconfig(
  workspace: KubeconfigPlace,
  files: KubeconfigFiles,
  choice: KubeconfigChoice & { readonly force: boolean },
  now: Date,
): Promise<Merged> {
  const own = kubeconfigEntries(workspace, choice);
  return await withKubeconfigLocks(files.all, async () => {
    const loaded = await Promise.all(files.all.map(load));
    const fresh = loaded.find(({ file }) => file === files.fresh);
    if (fresh === undefined) throw new Error('no kubeconfig to write to');
    const before = loaded.map(({ document }) => document.get('current-context')).find(isName);
    const others = lists.flatMap(
      ([list]) => foreignEntry(workspace.pki, loaded, list, own[list].name, own) ?? [],
    );
    if (others.length > 0 && !choice.force) throw foreign(others, own.contexts.name);
    const id = workspace.pki.clusterId() ?? '';
    for (const [list, field] of lists) {
      const { name, value } = own[list];
      const found = entryOf(loaded, list, name);
      const entry = { name, [field]: { ...value, extensions: [{ name: extensionName, extension: { id } }] } };
      if (found === undefined) append(fresh.document, list, entry);
      else if (others.some((other) => other.list === list))
        found.sequence.items[found.index] = fresh.document.createNode(entry);
      else update(found, list, field, value, id);
    }
    if (fresh.text === undefined || !fresh.document.has('apiVersion')) {
      fresh.document.set('apiVersion', 'v1');
      fresh.document.set('kind', 'Config');
    }
    // The first file that names one decides; this is the first that exists, or the only one that will.
    fresh.document.set('current-context', own.contexts.name);
    const written: string[] = [];
    const backups: string[] = [];
    for (const { file, text, document, unchanged } of loaded) {
      const after = textOf(document, text);
      if (after === unchanged || (text === undefined && file !== fresh.file)) continue;
      const backup = await replaceKubeconfig(file, after, now);
      written.push(file);
      if (backup !== undefined) backups.push(backup);
    }
    return {
      ...{ files: written, backups, context: own.contexts.name },
      before: before === own.contexts.name ? undefined : before,
    };
  });
}

const isName = (value: unknown): value is string => typeof value === 'string' && value !== '';

async function load(file: string): Promise<Loaded> {
  const text = await readText(file);
  const document = parseDocument(text ?? '', { compat: 'yaml-1.1' });
  if (document.contents === null || text?.trim() === '') {
    const empty = parseDocument('{}', { compat: 'yaml-1.1' });
    if (isMap(empty.contents)) empty.contents.flow = false;
    return { file, text, document: empty, unchanged: '' };
  }
  const lacks = lists.some(([list]) => {
    const value = document.get(list);
    return value !== undefined && value !== null && !isSeq(value);
  });
  if (document.errors.length > 0 || !isMap(document.contents) || lacks)
    throw new KbootError('E-STATE', `${file} is not a kubeconfig; it was not changed`, {
      ...(document.errors[0] !== undefined && { detail: document.errors[0].message }),
      remedy: remedies.moveKubeconfig,
    });
  return { file, text, document, unchanged: textOf(document, text) };
}

/** kubectl does not indent its lists. */
function textOf(document: Document, text = ''): string {
  return document.toString({ lineWidth: 0, indentSeq: !/^- /m.test(text) });
}

interface Found {
  readonly file: string;
  readonly sequence: YAMLSeq;
  readonly index: number;
  readonly entry: YAMLMap;
}

/** The entry that counts: the first one, in the order of precedence. */
function entryOf(loaded: readonly Loaded[], list: List, name: string): Found | undefined {
  for (const { file, document } of loaded) {
    const sequence = document.get(list);
    if (!isSeq(sequence)) continue;
    const index = sequence.items.findIndex((item) => isMap(item) && item.get('name') === name);
    const entry = sequence.items[index];
    if (isMap(entry)) return { file, sequence, index, entry };
  }
  return undefined;
}

function append(document: Document, list: List, entry: object): void {
  const sequence = document.get(list);
  if (!isSeq(sequence) || sequence.items.length === 0) document.set(list, document.createNode([entry]));
  else sequence.add(document.createNode(entry));
}

/** Fields that kboot does not set stay: a namespace, a proxy. */
function update(
  { sequence, index, entry }: Found,
  list: List,
  field: string,
  value: Readonly<Record<string, string>>,
  id: string,
): void {
  const fields = entry.get(field);
  const extension = { name: extensionName, extension: { id } };
  if (!isMap(fields)) {
    const { name } = entry.toJSON() as { readonly name: string };
    sequence.items[index] = nodeOf({ name, [field]: { ...value, extensions: [extension] } });
    return;
  }
  for (const each of contradictory[list]) fields.delete(each);
  for (const [key, text] of Object.entries(value)) fields.set(key, text);
  const extensions = fields.get('extensions');
  if (!isSeq(extensions)) {
    fields.set('extensions', nodeOf([extension]));
    return;
  }
  const own = extensions.items.findIndex((item) => isMap(item) && item.get('name') === extensionName);
  if (own < 0) extensions.add(nodeOf(extension));
  else extensions.items[own] = nodeOf(extension);
}

function nodeOf(value: unknown): unknown {
  return parseDocument('').createNode(value);
}

interface Foreign {
  readonly list: List;
  readonly name: string;
  readonly file: string;
  readonly why: string;
}

/** Why an entry of this name is not this cluster's; undefined if it is, or says nothing. */
function foreignEntry(
  pki: Pki,
  loaded: readonly Loaded[],
  list: List,
  name: string,
  own: ReturnType<typeof kubeconfigEntries>,
): Foreign | undefined {
  const found = entryOf(loaded, list, name);
  if (found === undefined) return undefined;
  const { file, entry } = found;
  const [, field] = lists.find(([each]) => each === list) ?? [];
  const fields = (entry.toJSON() as Readonly<Record<string, unknown>>)[field ?? ''];
  if (typeof fields !== 'object' || fields === null) return undefined;
  const known = fields as Readonly<Record<string, unknown>>;
  if (recordedId(known) === pki.clusterId()) return undefined;
  const why =
    list === 'clusters'
      ? otherServer(pki, known, file, own.clusters.value['server'] ?? '')
      : list === 'users'
        ? otherUser(pki, known, file)
        : otherContext(loaded, known, own);
  return why === undefined ? undefined : { list, name, file, why };
}

function recordedId({ extensions }: Readonly<Record<string, unknown>>): string | undefined {
  const entries: readonly unknown[] = Array.isArray(extensions) ? extensions : [];
  for (const entry of entries) {
    const { name, extension } = (entry ?? {}) as { readonly name?: unknown; readonly extension?: unknown };
    const { id } = (extension ?? {}) as { readonly id?: unknown };
    if (name === extensionName && typeof id === 'string') return id;
  }
  return undefined;
}

/** Without a CA, the server decides. */
function otherServer(
  pki: Pki,
  fields: Readonly<Record<string, unknown>>,
  file: string,
  own: string,
): string | undefined {
  const { server } = fields;
  if (typeof server !== 'string') return undefined;
  const pem = pemOf(fields, 'certificate-authority', file);
  if (pem === undefined) return server === own ? undefined : `its server is ${server}`;
  const cas = readableCertificates(trustBundle(pki, 'ca')).map(({ fingerprint256 }) => fingerprint256);
  const theirs = readableCertificates(pem).map(({ fingerprint256 }) => fingerprint256);
  return theirs.some((each) => cas.includes(each)) ? undefined : `its server is ${server}, with another CA`;
}

function otherUser(pki: Pki, fields: Readonly<Record<string, unknown>>, file: string): string | undefined {
  const rest = Object.keys(fields).filter((key) => key !== 'extensions');
  if (rest.length === 0) return undefined;
  const pem = pemOf(fields, 'client-certificate', file);
  if (pem === undefined) return `it has ${rest.join(', ')}`;
  const cas = readableCertificates(trustBundle(pki, 'ca'));
  const isOwn = readableCertificates(pem).some((each) => cas.some((ca) => isSignedBy(each, ca)));
  return isOwn ? undefined : 'its certificate is of another CA';
}

/** A context that leads to nothing, since there is no such cluster, is free. */
function otherContext(
  loaded: readonly Loaded[],
  { cluster, user }: Readonly<Record<string, unknown>>,
  own: ReturnType<typeof kubeconfigEntries>,
): string | undefined {
  if (typeof cluster === 'string' && cluster !== own.clusters.name && entryOf(loaded, 'clusters', cluster))
    return `it is of the cluster ${cluster}`;
  if (typeof user === 'string' && user !== own.users.name && entryOf(loaded, 'users', user))
    return `it is of the user ${user}`;
  return undefined;
}

/** `NAME-data`, or the file that NAME is, relative to the kubeconfig. `''` if that cannot be read: it is not known to be ours. */
function pemOf(fields: Readonly<Record<string, unknown>>, name: string, file: string): string | undefined {
  const data = fields[`${name}-data`];
  if (typeof data === 'string' && data !== '') return Buffer.from(data, 'base64').toString('utf8');
  const path = fields[name];
  if (typeof path !== 'string' || path === '') return undefined;
  try {
    return readFileSync(resolve(dirname(file), path), 'utf8');
  } catch {
    return '';
  }
}

const words: Readonly<Record<List, string>> = { clusters: 'cluster', users: 'user', contexts: 'context' };

function foreign(others: readonly Foreign[], context: string): KbootError {
  const named = others.map(({ list, name, file, why }) => `${words[list]} ${name} in ${file}: ${why}`);
  return new KbootError('E-USAGE', `entries of these names are not of this cluster: ${named.join('; ')}`, {
    remedy: remedies.otherContextName({ context }),
  });
}
