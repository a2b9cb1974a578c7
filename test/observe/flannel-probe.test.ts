import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { flannelLines, flannelProbe, readFlannel } from '../../src/observe/flannel-probe.ts';
import { foundLine, searchLines } from '../../src/observe/search.ts';

const subnets =
  'FLANNEL_NETWORK=10.244.0.0/16\nFLANNEL_SUBNET=10.244.1.1/24\nFLANNEL_IPV6_SUBNET=fd00::1/64\n';
const ticks = Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }));

interface Machine {
  /** How long flannel has run, in seconds. */
  readonly runs?: number;
  readonly file?: string;
  readonly command?: string;
}

/** The probe's answer on a machine that has been up for 1,000 s. */
function asked({ runs, file, command = 'flanneld' }: Machine): ReturnType<typeof readFlannel> {
  const root = mkdtempSync(join(tmpdir(), 'kboot-flannel-'));
  try {
    const write = (path: string, text: string): void => {
      mkdirSync(join(root, path, '..'), { recursive: true });
      writeFileSync(join(root, path), text);
    };
    write('proc/uptime', '1000.25 1900.00\n');
    write('proc/1/comm', 'systemd\n');
    if (runs !== undefined) {
      write('proc/4711/comm', `${command}\n`);
      const between = Array.from({ length: 18 }, (_, index) => index).join(' ');
      write('proc/4711/stat', `4711 (${command}) S ${between} ${(1000 - runs) * ticks} 1 2 3\n`);
    }
    if (file !== undefined) write('run/flannel/subnet.env', file);
    const script = `${searchLines([flannelLines(root)])}\n${flannelProbe(root)}\ntrue`;
    const lines = execFileSync('sh', ['-c', script], { encoding: 'utf8' }).split('\n');
    return readFlannel(lines.flatMap(foundLine), (key) =>
      lines.flatMap((line) => (line.startsWith(`${key}=`) ? [line.slice(key.length + 1)] : [])),
    );
  } finally {
    rmSync(root, { recursive: true });
  }
}

it('reads the subnets of both families, and that flannel runs', () => {
  const seen = { flannelSubnets: ['10.244.1.1/24', 'fd00::1/64'], flannelRuns: true };
  expect(asked({ runs: 500, file: subnets })).toEqual(seen);
  expect(asked({ runs: 1, file: subnets })).toEqual(seen);
  expect(asked({ file: subnets })).toEqual({ ...seen, flannelRuns: false });
});

it('gives one that has just started time to write its file', () => {
  expect(asked({ runs: 29 })).toEqual({ flannelSubnets: [], flannelRuns: false });
  expect(asked({ runs: 31 })).toEqual({ flannelSubnets: [], flannelRuns: true });
  expect(asked({ runs: 500, command: 'flanneld-other' })).toEqual({ flannelSubnets: [], flannelRuns: false });
});
