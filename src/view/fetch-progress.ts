import pc from 'picocolors';
import type { FetchEvent } from '../fetch/events.ts';
import { below, beside, line, view, type Printable, type Screen } from './printable.ts';
import { redrawing } from './redraw.ts';

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
export function showFetching(screen: Screen): {
  take(event: FetchEvent): void;
  readonly say: (text: string) => void;
  stop(): void;
} {
  const begun = Date.now();
  const coming: Coming = new Map();
  const update = screen.isTTY === true ? redrawing(screen) : undefined;
  const draw = (): void => update?.(drawn(coming, screen.columns));
  const timer = update && setInterval(draw, 200);
  const say = (text: Printable): void => {
    const at = ((Date.now() - begun) / 1000).toFixed(1).padStart(6);
    update?.clear();
    screen.write(below(beside(line`${at} s  `, text), line``));
    draw();
  };
  return {
    say: (text) => {
      say(line`${text}`);
    },
    take(event) {
      if (event.type === 'fetching') coming.set(event.path, { bytes: 0, total: undefined });
      else if (event.type === 'bytes') {
        const file = coming.get(event.path);
        if (file !== undefined) Object.assign(file, { bytes: file.bytes + event.bytes, total: event.total });
      } else {
        coming.delete(event.path);
        if (event.type === 'unfetched') say(failed(event.path));
        else
          say(
            line`${event.path}  ${megabytes(event.size)}${event.type === 'present' ? ', already present' : ''}`,
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

const drawn = view((coming: Coming, width: number) => comingLines(coming, width).join('\n'));

const failed = view((path: string) => `${path}  ${pc.red('FAILED')}`);

/** `84 MB`, and `0.8 MB` for less than ten. */
function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(bytes < 1e7 ? 1 : 0)} MB`;
}
