import type { CommandModule } from 'yargs';
import type { CertsArgs } from './args.ts';
import { manual } from './manual.ts';
import { globalOptions, inventoryPosition } from './options.ts';

export const certs: CommandModule<object, CertsArgs> = {
  command: 'certs <inventory>',
  describe: 'Certificates that are served, on hosts and in the state folder, with days left; changes nothing',
  builder: (yargs) =>
    manual(
      inventoryPosition(globalOptions(yargs, 'state', 'concurrency', 'verbose', 'allow-hooks')).option(
        'warn-days',
        {
          type: 'number',
          requiresArg: true,
          default: 30,
          describe: 'N: a certificate with fewer days left counts as running out (default: 30)',
        },
      ),
      {
        synopsis: 'certs INVENTORY',
        text: 'Shows every certificate of the cluster and its days left: those that API servers, etcd, kubelets, controller managers and schedulers serve, those in files and kubeconfigs of hosts, and those in the state folder. Logs in to every host and needs neither the API nor etcd; changes nothing.',
        examples: [
          ['kboot certs prod.yaml', 'All certificates'],
          ['kboot certs prod.yaml --warn-days 60 -o json', 'For monitoring: one event'],
        ],
        exit: '0 all certificates are valid · 1 one has expired or is running out · 4 none, but a host could not be read',
        seeAlso: ['status', 'up'],
      },
    ),
  async handler(args) {
    const { runCerts } = await import('./certs-run.ts');
    process.exitCode = await runCerts(args);
  },
};
