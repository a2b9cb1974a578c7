import * as z from 'zod';
import { matching, text } from './fields.ts';

const proxyUrl = (description: string) =>
  text(
    {
      description: `${description} With a user and password, it is confidential.`,
      examples: ['http://proxy.example.com:3128'],
    },
    (value) => {
      const url = URL.canParse(value) ? new URL(value) : undefined;
      const plain = url !== undefined && /^https?:$/.test(url.protocol) && url.pathname === '/';
      if (plain && url.search + url.hash === '' && /^[\x21-\x7e]+$/.test(value)) return undefined;
      // The value may have a password.
      return 'must be an http or https URL without a path, such as http://proxy.example.com:3128';
    },
  ).optional();

/** `spec.proxy`: the HTTP proxy of the hosts. */
export const proxy = z
  .strictObject({
    http: proxyUrl('Proxy for http:// URLs.'),
    https: proxyUrl('Proxy for https:// URLs.'),
    noProxy: z
      .array(
        text(
          {
            description:
              'A name (also of what is below it), address or network that is reached without the proxy.',
            examples: ['.corp.example'],
          },
          matching(/^[\w.*:/[\]-]+$/, 'must be a name, an address or a network'),
        ),
      )
      .meta({
        description: "In addition to the cluster's own networks, hosts, endpoint and domain.",
        default: [],
      })
      .optional(),
  })
  .meta({
    description:
      "HTTP proxy of the hosts: of the package manager, of containerd's pulls and of downloads. Kubelets, the control plane and Pods do not use it. Adding or removing a host changes the list of addresses without a proxy, too.",
  })
  .optional();
