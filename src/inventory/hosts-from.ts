import type { Diagnostic } from '../model/diagnostic.ts';
import { recordOf } from '../model/record.ts';
import { readJson } from './json-document.ts';
import { describePath, offsetOf, type Path, type Problem } from './position.ts';
import type { SourceDocument } from './source.ts';

/** The text of a file, or what is wrong with it, as a phrase that follows its path. */
export type HostsText = { readonly text: string } | { readonly problem: string };

/** A document whose hosts may be in another file. */
export interface WithHosts {
  readonly document: SourceDocument;
  /** Problems of the other file. */
  readonly diagnostics: readonly Diagnostic[];
  /** The place of a value in the other file; undefined: it is in the inventory. */
  readonly locate: (finding: Pick<Problem, 'path' | 'at'>) => Place | undefined;
}

type Place = Pick<Diagnostic, 'file' | 'line' | 'column'>;

const hosts: Path = ['spec', 'hosts'];
const from: Path = ['spec', 'hostsFrom'];

/**
 * The document with the hosts of the file that spec.hostsFrom names, as if they were in spec.hosts: a JSON list of hosts,
 * whose fields may be null, which is how Terraform writes what is not set. `read` takes the path as the inventory has it.
 */
export function withHostsFrom(document: SourceDocument, read: (path: string) => HostsText): WithHosts {
  const spec = recordOf(recordOf(document.data)?.['spec']);
  const path = recordOf(spec?.['hostsFrom'])?.['file'];
  const nowhere = (): undefined => undefined;
  if (spec === undefined || typeof path !== 'string' || path === '')
    return { document, diagnostics: [], locate: nowhere };
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
  const found = read(path);
  if ('problem' in found) return refused([...from, 'file'], `spec.hostsFrom.file ${path} ${found.problem}`);
  const source = readJson(found.text, 'the file');
  const located = (offset: number): Place => ({ file: path, ...source.position(offset) });
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

function notList(data: unknown): string {
  const output = recordOf(data)?.['kboot_hosts'];
  return output === undefined
    ? `must be a list of hosts, in the form of ${describePath(hosts)}`
    : 'must be a list of hosts: save what `terraform output -json kboot_hosts` prints, not all outputs';
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
