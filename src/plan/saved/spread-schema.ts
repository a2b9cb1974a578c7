import * as z from 'zod';
import { described, hex, host, shared, text, texts } from './described.ts';

/** `spread` of a plan. */
export const spreadSchema = shared(
  'Spread',
  z.strictObject({
    port: described(
      'TCP port on which hosts serve files to each other while the plan is applied.',
      z.number(),
    ),
    hosts: described(
      'Hosts that take part.',
      z.array(z.strictObject({ host, address: text('Its node address, where it serves.') })),
    ),
    files: described(
      'Files in the order in which they are needed.',
      z.array(
        z.strictObject({
          sha256: hex('SHA-256 of the file.'),
          title: text('Name and version.'),
          source: described(
            'Where the first host gets it from.',
            z.discriminatedUnion('kind', [
              z.strictObject({
                kind: z.literal('bundle'),
                path: text('Relative to the bundle.'),
                size: described('In bytes.', z.number()),
              }),
              z.strictObject({ kind: z.literal('download'), url: text('Where the host downloads it from.') }),
            ]),
          ),
          hosts: texts('Hosts that need it.'),
        }),
      ),
    ),
    operatorBytes: described('Bytes that leave the machine that runs kboot.', z.number()),
    hostBytes: described('Bytes that go from host to host.', z.number()),
    heldBytes: described('Bytes that hosts have already, from a run that was interrupted.', z.number()),
  }),
);
