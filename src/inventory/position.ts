/** Keys and indices from the root of the inventory to a value. */
export type Path = readonly (string | number)[];

/** Position of one value in the text; offsets are 0-based. */
export interface Position {
  readonly value: number;
  /** The key of a mapping's value. */
  readonly key?: number;
  /** The source text of a scalar, before typing (`1.30`, not 1.3). */
  readonly source?: string;
  readonly children: ReadonlyMap<string | number, Position>;
}

/** One problem to report to the user. `at: 'key'` points to the key of the path instead of its value. */
export interface Problem {
  readonly severity: 'error' | 'warning';
  readonly path: Path;
  readonly at?: 'key';
  readonly message: string;
}

/** The place of a path, or undefined if the text has no such value. */
export function positionAt(root: Position, path: Path): Position | undefined {
  let place: Position | undefined = root;
  for (const step of path) place = place?.children.get(step);
  return place;
}

/** The offset a finding points to: its own place, else the key of the nearest ancestor that is in the text. */
export function offsetOf(root: Position, finding: Pick<Problem, 'path' | 'at'>): number {
  let place = root;
  for (const step of finding.path) {
    const child = place.children.get(step);
    if (child === undefined) return place.key ?? place.value;
    place = child;
  }
  return finding.at === 'key' ? (place.key ?? place.value) : place.value;
}

/** `spec.hosts[1].labels["example.com/zone"]`; the root of another file than an inventory has its own name. */
export function describePath(path: Path, root = 'the inventory'): string {
  let text = '';
  for (const step of path) {
    if (typeof step === 'number') text += `[${step}]`;
    else if (/^[A-Za-z_$][\w$-]*$/.test(step)) text += text === '' ? step : `.${step}`;
    else text += `[${JSON.stringify(step)}]`;
  }
  return text === '' ? root : text;
}

export function error(path: Path, message: string): Problem {
  return { severity: 'error', path, message };
}

export function warning(path: Path, message: string): Problem {
  return { severity: 'warning', path, message };
}

/** Returns the value at `path`, or undefined if the path does not exist. */
export function valueAt(data: unknown, path: Path): unknown {
  let value = data;
  for (const step of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, step)) return undefined;
    value = (value as Record<string | number, unknown>)[step];
  }
  return value;
}
