import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, test } from 'vitest';
import { leftovers, sweep } from './dismantle.ts';

const script = `
  import { createLab } from ${JSON.stringify(new URL('./lab.ts', import.meta.url).href)};
  const lab = await createLab({ name: 'child', hosts: [{ name: 'one', address: '10.79.0.11' }] });
  console.log(lab.id);
  setInterval(() => {}, 1000);
`;

/** Another process that owns a lab; resolves once the lab is up. */
async function labInChild(): Promise<{ id: string; end: (signal: NodeJS.Signals) => Promise<void> }> {
  const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    child.kill(signal);
    await once(child, 'exit');
  };
  return { id: line.toString().trim(), end };
}

const nothing = { containers: [], volumes: [], namespaces: [] };

test('a lab is removed when its process is terminated', async () => {
  const { id, end } = await labInChild();
  expect(leftovers(id).containers).toEqual([`${id}.one`]);
  await end('SIGTERM');
  expect(leftovers(id)).toEqual(nothing);
});

test('a lab of a killed process is removed by the next; a running one is not', async () => {
  const [killed, living] = await Promise.all([labInChild(), labInChild()]);
  try {
    expect(leftovers(killed.id).containers).toHaveLength(1);
    await killed.end('SIGKILL');
    sweep();
    expect(leftovers(killed.id)).toEqual(nothing);
    expect(leftovers(living.id).containers).toHaveLength(1);
  } finally {
    await living.end('SIGTERM');
  }
  expect(leftovers(living.id)).toEqual(nothing);
});
