import {
  isAlias,
  isCollection,
  parseAllDocuments,
  visit,
  type Document,
  type ParseOptions,
  type SchemaOptions,
} from 'yaml';
import { isRecord, isRecordOfTexts } from '../model/record.ts';
import { without } from '../model/without.ts';
import type { KubeObject } from './types.ts';
import { lastApplied, writtenByApi } from './written-by-api.ts';

/** The objects of a manifest, or why it has none: phrases that follow the name of the file. */
export interface Manifest {
  readonly objects: readonly KubeObject[];
  readonly problems: readonly string[];
}

/** Maximum number of problems of one manifest that are reported. */
const mostProblems = 5;

/** What the API accepts in URLs and kboot shows in plans. */
const namePattern = /^[A-Za-z0-9]([A-Za-z0-9._:-]{0,251}[A-Za-z0-9])?$/;
const namespacePattern = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;
const kindPattern = /^[A-Z][A-Za-z0-9]{0,62}$/;
const apiVersionPattern = /^([a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?\/)?v[a-z0-9]{1,30}$/;

/**
 * YAML as `kubectl apply` reads it, which is 1.1: `0644` is octal and `yes` a boolean. Unlike in the YAML library's 1.1,
 * `22:30` and dates are texts, as in Go's.
 */
const asKubectl: ParseOptions & SchemaOptions & { version: '1.1' } = {
  version: '1.1',
  schema: 'yaml-1.1',
  merge: true,
  customTags: (tags) =>
    tags.filter(
      (tag) =>
        typeof tag === 'string' ||
        !(/:(timestamp|binary|omap|pairs|set)$/.test(tag.tag) || ('format' in tag && tag.format === 'TIME')),
    ),
};

/** Reads a manifest in YAML or JSON, with any number of documents and Lists. Pure, and never throws, whatever the text. */
export function readManifest(text: string): Manifest {
  const objects: KubeObject[] = [];
  const problems: string[] = [];
  for (const [index, document] of documentsIn(text).entries()) {
    const where = `document ${index + 1}`;
    const [first] = [...document.errors, ...document.warnings];
    if (first !== undefined) {
      // The library's message would quote the text, which may be a secret.
      const { line = 0 } = first.linePos?.[0] ?? {};
      problems.push(`${where} is not YAML (${first.code.toLowerCase().replaceAll('_', ' ')}, line ${line})`);
      continue;
    }
    let value: unknown;
    try {
      const odd = oddNode(document);
      if (odd !== undefined) {
        problems.push(`${where} has ${odd}`);
        continue;
      }
      value = document.toJS({ maxAliasCount: 100 });
    } catch {
      problems.push(`${where} has too many aliases`);
      continue;
    }
    collect(value, where, objects, problems);
  }
  return {
    objects: problems.length > 0 ? [] : objects,
    problems:
      problems.length > mostProblems
        ? [...problems.slice(0, mostProblems), `has ${problems.length - mostProblems} more problems`]
        : problems,
  };
}

/** What YAML allows, and the API cannot have, as the end of a sentence. */
function oddNode(document: Document.Parsed): string | undefined {
  let odd: string | undefined;
  // They end with their document.
  const anchors = new Set<string>();
  visit(document, {
    Node(_key, node) {
      if (!isAlias(node)) {
        const { anchor } = node as { readonly anchor?: string };
        if (anchor !== undefined) anchors.add(anchor);
        return undefined;
      }
      if (anchors.has(node.source)) return undefined;
      odd = 'an alias (*NAME) of an anchor that is not before it in this document';
      return visit.BREAK;
    },
    Pair(_key, { key }) {
      if (!isCollection(key)) return undefined;
      odd = 'a mapping or list as a key; a template ({{ … }}) must be rendered first';
      return visit.BREAK;
    },
  });
  return odd;
}

function documentsIn(text: string): readonly Document.Parsed[] {
  return parseAllDocuments(text, { ...asKubectl, prettyErrors: true, logLevel: 'error' });
}

/** Takes one value of a document: an object, a List, or nothing. */
function collect(value: unknown, where: string, objects: KubeObject[], problems: string[]): void {
  if (value === null || value === undefined) return;
  if (!isRecord(value)) {
    problems.push(`${where} is not an object of the API`);
    return;
  }
  const { kind, items } = value;
  if (
    typeof kind === 'string' &&
    kind.endsWith('List') &&
    Array.isArray(items) &&
    !('metadata' in value && named(value))
  ) {
    for (const [index, item] of items.entries())
      collect(item, `item ${index + 1} of ${where}`, objects, problems);
    return;
  }
  const problem = problemOf(value);
  if (problem === undefined) objects.push(applicable(value as unknown as KubeObject));
  else problems.push(`${where} ${problem}`);
}

const named = ({ metadata }: Readonly<Record<string, unknown>>): boolean =>
  isRecord(metadata) && metadata['name'] !== undefined;

function problemOf(object: Readonly<Record<string, unknown>>): string | undefined {
  const { apiVersion, kind, metadata } = object;
  if (typeof apiVersion !== 'string' || !apiVersionPattern.test(apiVersion))
    return 'has no apiVersion such as v1 or apps/v1';
  if (typeof kind !== 'string' || !kindPattern.test(kind)) return 'has no kind such as ConfigMap';
  if (!isRecord(metadata)) return `(${kind}) has no metadata`;
  const { name, namespace, labels, annotations, generateName } = metadata;
  if (name === undefined && generateName !== undefined)
    return `(${kind}) has metadata.generateName; kboot needs metadata.name, to find it again`;
  if (typeof name !== 'string' || !namePattern.test(name)) return `(${kind}) has no valid metadata.name`;
  if (namespace !== undefined && namespace !== null && namespace !== '')
    if (typeof namespace !== 'string' || !namespacePattern.test(namespace))
      return `(${kind} ${name}) has no valid metadata.namespace`;
  if (![labels, annotations].every((each) => each === undefined || each === null || isRecordOfTexts(each)))
    return `(${kind} ${name}) has a label or annotation that is not a text; put its value in quotes`;
  const wrong = wrongData(`${apiVersion}/${kind}`, object);
  return wrong === undefined ? undefined : `(${kind} ${name}) has ${wrong}`;
}

/** Fields of ConfigMaps and Secrets whose values the API takes as texts only, and which of them are base64. */
const dataFields: Readonly<Record<string, Readonly<Record<string, 'text' | 'base64'>>>> = {
  'v1/ConfigMap': { data: 'text', binaryData: 'base64' },
  'v1/Secret': { stringData: 'text', data: 'base64' },
};

/** Go skips line breaks in it. */
function isBase64(text: string): boolean {
  const plain = text.replaceAll(/[\r\n]/g, '');
  return plain.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(plain);
}

/** The API would refuse it, and its message may quote a secret. */
function wrongData(kind: string, object: Readonly<Record<string, unknown>>): string | undefined {
  for (const [field, form] of Object.entries(dataFields[kind] ?? {})) {
    const values = object[field] ?? {};
    if (!isRecord(values)) return `${field} that is not a mapping`;
    for (const [key, value] of Object.entries(values)) {
      // An empty value is an empty text.
      if (value === null) continue;
      if (typeof value !== 'string') return `${field}.${key}, which is not a text; put its value in quotes`;
      if (form === 'base64' && !isBase64(value))
        return `${field}.${key}, which is not base64${field === 'data' ? '; stringData takes plain text' : ''}`;
    }
  }
  return undefined;
}

/** What server-side apply refuses, or the API sets by itself, is left out. */
function applicable(object: KubeObject): KubeObject {
  const { name, namespace = '', labels, annotations, ...others } = object.metadata;
  const noted = Object.entries(annotations ?? {}).filter(([key]) => key !== lastApplied);
  return {
    ...(without(object, 'status') as KubeObject),
    metadata: {
      name,
      ...(namespace !== '' && { namespace }),
      ...(labels && { labels }),
      ...(noted.length > 0 && { annotations: Object.fromEntries(noted) }),
      ...without(others, ...writtenByApi, 'generateName'),
    },
  };
}
