// npm run record -- FILE.cast COMMAND…   runs commands in a terminal, with this checkout's kboot, and records what they show
// npm run record -- FILE.cast --svg FILE draws the recording as an animation
import { spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { root } from './bundling.ts';
import { main } from './main.ts';
import { formatCast, paced, parseCast, type CastEvent } from './recording/cast.ts';
import { framesOf } from './recording/screen.ts';
import { animation } from './recording/svg.ts';

const size = { columns: 100, rows: 32 };
/** Seconds: for reading a question, for the screen after a command, and between two keys. */
const [reading, pause, key] = [4, 2.5, 0.06];
/** kboot's question, which the recorder answers with Enter. */
const question = 'Apply this plan?';

await main(async () => {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { svg: { type: 'string' }, title: { type: 'string', default: 'kboot' } },
  });
  const [file, ...commands] = positionals;
  if (file === undefined || (values.svg === undefined) === (commands.length === 0))
    throw new Error(
      'usage: npm run record -- FILE.cast COMMAND…, or npm run record -- FILE.cast --svg FILE.svg',
    );
  if (values.svg !== undefined) return draw(file, values.svg);
  writeFileSync(file, formatCast({ ...size, title: values.title, events: await record(commands) }));
});

/** Types each command at a prompt, runs it, and answers kboot's question. Throws if a command fails. */
async function record(lines: readonly string[]): Promise<readonly CastEvent[]> {
  const begun = Date.now();
  const events: CastEvent[] = [];
  const at = (kind: CastEvent['kind'], data: string): void => {
    events.push({ seconds: (Date.now() - begun) / 1000, kind, data });
  };
  const bin = mkdtempSync(join(tmpdir(), 'kboot-record-'));
  try {
    writeFileSync(
      join(bin, 'kboot'),
      `#!/bin/sh\nexec '${process.execPath}' '${join(root, 'dist/main.js')}' "$@"\n`,
    );
    chmodSync(join(bin, 'kboot'), 0o755);
    for (const line of lines) {
      at('output', '\u001b[1m$\u001b[22m ');
      for (const letter of line) {
        await seconds(key);
        at('output', letter);
      }
      await seconds(0.5);
      at('output', '\r\n');
      await run(line, bin, at);
      at('mark', 'live');
      await seconds(pause);
    }
    at('output', '\u001b[1m$\u001b[22m ');
  } finally {
    rmSync(bin, { recursive: true, force: true });
  }
  return events;
}

/** One command in a pseudo terminal, which script(1) of util-linux makes. */
function run(line: string, bin: string, at: (kind: CastEvent['kind'], data: string) => void): Promise<void> {
  const inside = `stty cols ${size.columns} rows ${size.rows} -echo; ${line}`;
  const child = spawn('script', ['--quiet', '--flush', '--return', '--command', inside, '/dev/null'], {
    env: {
      ...process.env,
      PATH: `${bin}:${process.env['PATH'] ?? ''}`,
      TERM: 'xterm-256color',
      SHELL: '/bin/sh',
    },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  let [seen, answered] = ['', false];
  const decoder = new TextDecoder();
  child.stdout.on('data', (bytes: Buffer) => {
    const text = decoder.decode(bytes, { stream: true });
    at('output', text);
    seen = (seen + text).slice(-2000);
    if (answered || !seen.includes(question)) return;
    answered = true;
    void seconds(reading).then(() => {
      at('mark', 'lapse');
      child.stdin.write('\r');
    });
  });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (status) => {
      if (status === 0) resolve();
      else reject(new Error(`${line} exited with ${String(status)}`));
    });
  });
}

async function draw(from: string, to: string): Promise<void> {
  const cast = parseCast(readFileSync(from, 'utf8'));
  const shown = paced(cast, { idle: reading, lapse: 20 });
  const frames = await framesOf(shown, 0.25);
  const took = Math.round(cast.events.at(-1)?.seconds ?? 0);
  const description = `A recording of a terminal, ${took} seconds long; long parts are shown faster.`;
  writeFileSync(to, animation(frames, { ...cast, description, rest: 6 }));
}

function seconds(count: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, count * 1000));
}
