/** What happened at `seconds` from the start of a recording: output of the terminal, or a mark of the recorder. */
export interface CastEvent {
  readonly seconds: number;
  readonly kind: 'output' | 'mark';
  /** A mark is `lapse` where a long part begins that nobody wants to watch in full, and `live` where it ends. */
  readonly data: string;
}

/** A recording of a terminal. */
export interface Cast {
  readonly columns: number;
  readonly rows: number;
  readonly title: string;
  readonly events: readonly CastEvent[];
}

/** asciicast v2, as asciinema plays it: a header, then one event a line. */
export function formatCast({ columns, rows, title, events }: Cast): string {
  const header = { version: 2, width: columns, height: rows, title };
  const lines = events.map(({ seconds, kind, data }) => [
    Number(seconds.toFixed(3)),
    kind === 'output' ? 'o' : 'm',
    data,
  ]);
  return [header, ...lines].map((line) => `${JSON.stringify(line)}\n`).join('');
}

/** Reads asciicast v2. Throws on another format. */
export function parseCast(text: string): Cast {
  const [header, ...lines] = text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as unknown);
  const { version, width, height, title } = header as {
    version?: number;
    width: number;
    height: number;
    title?: string;
  };
  if (version !== 2) throw new Error('this is not an asciicast of version 2');
  const events = (lines as [number, string, string][]).flatMap(([seconds, code, data]): CastEvent[] =>
    code === 'o' || code === 'm' ? [{ seconds, kind: code === 'o' ? 'output' : 'mark', data }] : [],
  );
  return { columns: width, rows: height, title: title ?? '', events };
}

/** How a recording is played. */
export interface Pace {
  /** The longest time, in seconds, in which nothing happens. */
  readonly idle: number;
  /** Seconds that all parts between `lapse` and `live` last together, at most. */
  readonly lapse: number;
}

/** The recording with the times at which a player shows its events; marks are gone. */
export function paced(cast: Cast, { idle, lapse }: Pace): Cast {
  const steps: { readonly event: CastEvent; readonly wait: number; readonly lapsed: boolean }[] = [];
  let [before, lapsed] = [0, false];
  for (const event of cast.events) {
    steps.push({ event, wait: event.seconds - before, lapsed });
    before = event.seconds;
    if (event.kind === 'mark') lapsed = event.data === 'lapse';
  }
  const recorded = steps.reduce((sum, step) => sum + (step.lapsed ? step.wait : 0), 0);
  const speed = Math.max(1, recorded / lapse);
  let now = 0;
  const events = steps.map(({ event, wait, lapsed }) => {
    now += lapsed ? wait / speed : Math.min(wait, idle);
    return { ...event, seconds: now };
  });
  return { ...cast, events: events.filter(({ kind }) => kind === 'output') };
}
