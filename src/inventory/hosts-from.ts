import { quoteAll } from '../model/shell.ts';
import type { Diagnostic } from '../model/diagnostic.ts';
import { recordOf } from '../model/record.ts';
import { defaults } from './defaults.ts';
import { readDocument } from './document.ts';
import type { Environment } from './environment.ts';
import { readJson } from './json-document.ts';
import { describePath, offsetOf, type Path, type Problem } from './position.ts';
import type { SourceDocument } from './source.ts';
import { hostsFrom } from './schema-hosts-from.ts';
import { isVerbatim } from './verbatim.ts';

/** What spec.hostsFrom names: a file, by its path as the inventory has it, or a program with its arguments. */
export type HostsSource = { readonly file: string } | HostsCommand;

/** A program that prints the hosts. */
export interface HostsCommand {
  readonly command: readonly [string, ...string[]];
  readonly timeoutSeconds: number;
}

/** The text of a file, or what a program printed; or what is wrong, as a phrase that follows its path or command. */
export type HostsText = { readonly text: string } | { readonly problem: string };

export type ReadHosts = (source: HostsSource) => HostsText;

/** A document whose hosts may be elsewhere. */
export interface WithHosts {
  readonly document: SourceDocument;
  /** Problems of what is there. */
  readonly diagnostics: readonly Diagnostic[];
  /** The place of a value there; undefined: it is in the inventory. */
  readonly locate: (finding: Pick<Problem, 'path' | 'at'>) => Place | undefined;
}

type Place = Pick<Diagnostic, 'file' | 'line' | 'column'>;

const hosts: Path = ['spec', 'hosts'];
const from: Path = ['spec', 'hostsFrom'];

/**
 * The command of spec.hostsFrom in the text of an inventory; undefined if there is none, if it is not valid, or if
 * spec.hosts lists the hosts: then no program runs.
 */
export function hostsCommandOf(text: string, env: Environment): HostsCommand | undefined {
  // Most inventories have none, and need not be parsed twice.
  if (!text.includes('hostsFrom')) return undefined;
  const { data, problems } = readDocument(text, env, isVerbatim);
  const spec = recordOf(recordOf(data)?.['spec']);
  const source = problems.length > 0 || spec === undefined || 'hosts' in spec ? undefined : sourceOf(spec);
  return source !== undefined && 'command' in source ? source : undefined;
}

/** What spec.hostsFrom names, if it is valid: exactly what the schema takes. */
function sourceOf(spec: Readonly<Record<string, unknown>>): HostsSource | undefined {
  const { success, data } = hostsFrom.safeParse(spec['hostsFrom']);
  if (!success) return undefined;
  const { file, command: [program, ...rest] = [], timeoutSeconds = defaults.hostsCommandSeconds } = data;
  if (file !== undefined) return program === undefined ? { file } : undefined;
  return program === undefined ? undefined : { command: [program, ...rest], timeoutSeconds };
}

/**
 * The document with the hosts that spec.hostsFrom names, as if they were in spec.hosts: a JSON list of hosts, whose fields may
 * be null, which is how Terraform writes what is not set.
 */
export function withHostsFrom(document: SourceDocument, read: ReadHosts): WithHosts {
  const spec = recordOf(recordOf(document.data)?.['spec']);
  const nowhere = (): undefined => undefined;
  if (spec === undefined || !('hostsFrom' in spec)) return { document, diagnostics: [], locate: nowhere };
  const unread: SourceDocument = {
    ...document,
    data: withSpec(document.data, { ...spec, hosts: undefined }),
    unreadable: [...document.unreadable, hosts],
  };
  const refused = (at: Path, message: string): WithHosts => {
    const problem = { offset: offsetOf(document.place, { path: at }), message };
    return {
      document: { ...unread, problems: [...document.problems, problem] },
      diagnostics: [],
      locate: nowhere,
    };
  };
  if ('hosts' in spec)
    return refused(from, 'spec.hostsFrom cannot be combined with spec.hosts; keep one of them');
  const stated = recordOf(spec['hostsFrom']);
  if (stated !== undefined && 'file' in stated === 'command' in stated)
    return refused(from, 'spec.hostsFrom must have either file or command');
  const named = sourceOf(spec);
  // The schema says what is wrong with it.
  if (named === undefined) return { document: unread, diagnostics: [], locate: nowhere };
  const found = read(named);
  const { key, shown, what, at } = wordsOf(named);
  if ('problem' in found) return refused([...from, key], `spec.hostsFrom.${key} ${shown} ${found.problem}`);
  const source = readJson(found.text, what);
  const located = (offset: number): Place => ({ file: at, ...source.position(offset) });
  const list = source.data;
  const problems = [
    ...source.problems,
    ...(source.problems.length > 0 || Array.isArray(list)
      ? []
      : [{ offset: source.place.value, message: notList(list) }]),
  ];
  if (problems.length > 0)
    return {
      document: unread,
      diagnostics: problems.map(({ offset, message }) => ({
        severity: 'error',
        ...located(offset),
        message,
      })),
      locate: nowhere,
    };
  return {
    document: {
      ...document,
      data: withSpec(document.data, { ...spec, hosts: (list as unknown[]).map(withoutNulls) }),
    },
    diagnostics: [],
    locate: ({ path: at, ...finding }) =>
      hosts.every((step, index) => at[index] === step)
        ? located(offsetOf(source.place, { ...finding, path: at.slice(hosts.length) }))
        : undefined,
  };
}

/** Words for where the hosts are. `at`: in place of the name of a file, before line and column. */
function wordsOf(source: HostsSource): Readonly<Record<'key' | 'shown' | 'what' | 'at', string>> {
  if ('file' in source) return { key: 'file', shown: source.file, what: 'the file', at: source.file };
  const shown = quoteAll(source.command);
  return { key: 'command', shown, what: 'its output', at: `stdout of ${shown}` };
}

function notList(data: unknown): string {
  const output = recordOf(data)?.['kboot_hosts'];
  return output === undefined
    ? `must be a list of hosts, in the form of ${describePath(hosts)}`
    : 'must be a list of hosts: use what `terraform output -json kboot_hosts` prints, not all outputs';
}

/** A value without fields that are null: optional attributes of Terraform that are not set. */
export function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNulls);
  const object = recordOf(value);
  if (object === undefined) return value;
  return Object.fromEntries(
    Object.entries(object).flatMap(([key, each]) => (each === null ? [] : [[key, withoutNulls(each)]])),
  );
}

function withSpec(data: unknown, spec: object): unknown {
  return { ...recordOf(data), spec };
}
