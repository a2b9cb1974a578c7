import pc from 'picocolors';
import type { FetchEvent, PushEvent } from '../fetch/events.ts';
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

interface Shown<Event> {
  take(event: Event): void;
  readonly say: (text: string) => void;
  readonly stop: () => void;
}

/** Shows progress: a line for each finished file and, in a terminal, the files being fetched below them. */
export function showFetching(screen: Screen): Shown<FetchEvent> {
  return showing(screen, (event, { coming, show }) => {
    if (event.type === 'fetching') coming.begin(event.path);
    else if (event.type === 'bytes') coming.add(event.path, event.bytes, event.total);
    else {
      coming.end(event.path);
      if (event.type === 'unfetched') show(failed(event.path));
      else
        show(
          line`${event.path}  ${megabytes(event.size)}${event.type === 'present' ? ', already present' : ''}`,
        );
    }
  });
}

/** The same for images that are pushed: what was sent of each, or that the registry had it. */
export function showPushing(screen: Screen): Shown<PushEvent> {
  return showing(screen, (event, { coming, show }) => {
    if (event.type === 'pushing') coming.begin(event.to);
    else if (event.type === 'bytes') coming.add(event.to, event.bytes, event.total);
    else {
      coming.end(event.to);
      const { to, size, sent } = event;
      show(
        sent === undefined
          ? line`${to}  ${megabytes(size)}, already there`
          : line`${to}  ${megabytes(sent)}${sent === size ? '' : ` of ${megabytes(size)}, the rest was there`}`,
      );
    }
  });
}

/** Progress whose events `take` turns into lines. */
function showing<Event>(screen: Screen, take: (event: Event, progress: Progress) => void): Shown<Event> {
  const progress = progressOn(screen);
  const { say, stop } = progress;
  return {
    take: (event) => {
      take(event, progress);
    },
    say,
    stop,
  };
}

interface Progress {
  readonly coming: {
    begin(name: string): void;
    add(name: string, bytes: number, total: number | undefined): void;
    end(name: string): void;
  };
  readonly show: (text: Printable) => void;
  readonly say: (text: string) => void;
  readonly stop: () => void;
}

function progressOn(screen: Screen): Progress {
  const begun = Date.now();
  const coming: Coming = new Map();
  const update = screen.isTTY === true ? redrawing(screen) : undefined;
  const draw = (): void => update?.(drawn(coming, screen.columns));
  const timer = update && setInterval(draw, 200);
  const show = (text: Printable): void => {
    const at = ((Date.now() - begun) / 1000).toFixed(1).padStart(6);
    update?.clear();
    screen.write(below(beside(line`${at} s  `, text), line``));
    draw();
  };
  return {
    coming: {
      begin: (name) => coming.set(name, { bytes: 0, total: undefined }),
      add(name, bytes, total) {
        const file = coming.get(name);
        if (file !== undefined) Object.assign(file, { bytes: file.bytes + bytes, total });
      },
      end: (name) => coming.delete(name),
    },
    show,
    say: (text) => {
      show(line`${text}`);
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
