import * as z from 'zod';
import { parseUpstream } from './dns-server.ts';
import { dnsName, parsedBy, text, whole } from './fields.ts';

const server = (description: string) =>
  text({ description, examples: ['10.0.0.53', '10.0.0.53:5353', 'tls://9.9.9.9'] }, parsedBy(parseUpstream));

/** `spec.dns`: CoreDNS, the DNS of the cluster. */
export const dns = z
  .strictObject({
    upstream: z
      .array(server('Address of a name server, with a port if it is not 53; tls:// for DNS over TLS.'))
      .min(1, 'must list at least one name server')
      .max(15, 'must list at most 15 name servers, as CoreDNS does')
      .meta({
        description:
          'Name servers for names outside of the cluster. Default: those of the host that CoreDNS runs on.',
      })
      .optional(),
    stubDomains: z
      .record(
        text({ description: 'A domain.' }, dnsName),
        z
          .array(server('Address of a name server.'))
          .min(1, 'must list at least one name server')
          .max(15, 'must list at most 15 name servers, as CoreDNS does')
          .meta({ description: 'Its name servers.' }),
      )
      .meta({
        description: 'Domains that other name servers are asked for, with everything below them.',
        default: {},
        examples: [{ 'corp.example': ['10.0.0.53'] }],
      })
      .optional(),
    replicas: whole(1, 100, {
      description:
        'Number of CoreDNS Pods. If it is not set, a new cluster has 2, and a number set by `kubectl scale` is kept.',
      examples: [3],
    }).optional(),
    extraBlocks: text({
      description: 'Further server blocks of the Corefile, as they are.',
      examples: ['example.org:53 {\n    file /etc/coredns/example.org\n}\n'],
    }).optional(),
  })
  .meta({
    description:
      'CoreDNS. A Corefile that was changed by hand is kept, and the plan says so: put the change here.',
  })
  .optional();
