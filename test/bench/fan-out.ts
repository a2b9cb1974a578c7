import type { Lab } from '../lab/lab.ts';

export const fanOut = 'ssh HOST true, side by side';

/** Runs `ssh HOST true` on all of the hosts at once, from the lab's bridge. Throws if one fails. */
export async function sshToAll(lab: Lab, hosts: readonly string[]): Promise<void> {
  const script = hosts
    .map((name) => {
      const argv = [...lab.sshArgv(name), 'true'].map((word) => `'${word}'`);
      return `${argv.join(' ')} & all="$all $!"`;
    })
    .join('\n');
  const wait = 'for p in $all; do wait $p || exit; done';
  const { exitCode, stderr } = await lab.exec(['sh', '-c', `${script}\n${wait}`]);
  if (exitCode !== 0) throw new Error(`ssh: ${stderr}`);
}
