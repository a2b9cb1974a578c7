import { createLogUpdate } from 'log-update';
import pc from 'picocolors';
import type { FetchEvent } from '../fetch/events.ts';

/** Files being fetched: bytes by path. */
type Coming = Map<string, { bytes: number; total: number | undefined }>;

/** The files being fetched, one per line, at most `width` columns wide. */
export function comingLines(coming: Coming, width: number): string[] {
  return [...coming].map(([path, { bytes, total }]) => {
    const size = total === undefined ? megabytes(bytes) : `${megabytes(bytes)} of ${megabytes(total)}`;
    const room = Math.max(8, width - size.length - 6);
    return `  ${path.length > room ? `…${path.slice(1 - room)}` : path.padEnd(room)}  ${size}`;
  });
}

/** Shows progress: a line for each finished file and, in a terminal, the files being fetched below them. */
export function showFetching(stream: NodeJS.WriteStream): {
  take(event: FetchEvent): void;
  readonly say: (line: string) => void;
  stop(): void;
} {
  const begun = Date.now();
  const coming: Coming = new Map();
  const update = stream.isTTY ? createLogUpdate(stream) : undefined;
  const draw = (): void => update?.(comingLines(coming, stream.columns).join('\n'));
  const timer = update && setInterval(draw, 200);
  const say = (line: string): void => {
    const whole = `${((Date.now() - begun) / 1000).toFixed(1).padStart(6)} s  ${line}`;
    update?.clear();
    stream.write(`${whole}\n`);
    draw();
  };
  return {
    say,
    take(event) {
      if (event.type === 'fetching') coming.set(event.path, { bytes: 0, total: undefined });
      else if (event.type === 'bytes') {
        const file = coming.get(event.path);
        if (file !== undefined) Object.assign(file, { bytes: file.bytes + event.bytes, total: event.total });
      } else {
        coming.delete(event.path);
        if (event.type === 'unfetched') say(`${event.path}  ${pc.red('FAILED')}`);
        else
          say(
            `${event.path}  ${megabytes(event.size)}${event.type === 'present' ? ', already present' : ''}`,
          );
      }
    },
    stop() {
      clearInterval(timer);
      update?.clear();
      update?.done();
    },
  };
}

/** `84 MB`, and `0.8 MB` for less than ten. */
function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(bytes < 1e7 ? 1 : 0)} MB`;
}
