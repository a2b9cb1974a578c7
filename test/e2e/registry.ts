import { startPushRegistry } from '../fetch/push-registry.ts';

/* Runs inside a lab's bridge namespace: registry.ts ADDRESS PORT. A registry that takes images. Prints a line once it listens. */

const [address = '', port = ''] = process.argv.slice(2);
await startPushRegistry({ at: { address, port: Number(port) } });
process.stdout.write('listens\n');
