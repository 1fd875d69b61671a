// The sections of the administration, in their order. A section is offered when it has a page (routes.ts), and that page's
// permissions are enough.
import type { Key } from '$/i18n/index.svelte';
import { session } from '$/lib/session.svelte';
import { routes } from '$/routes';

interface Section {
  path: string;
  label: Key;
}
const all: { label?: Key; sections: Section[] }[] = [
  { sections: [{ path: '/admin', label: 'section.overview' }] },
  {
    label: 'section.people',
    sections: [
      { path: '/admin/users', label: 'section.users' },
      { path: '/admin/organizations', label: 'section.organizations' },
      { path: '/admin/groups', label: 'section.groups' },
      { path: '/admin/roles', label: 'section.roles' },
    ],
  },
  {
    label: 'nav.label',
    sections: [
      { path: '/admin/states', label: 'section.states' },
      { path: '/admin/priorities', label: 'section.priorities' },
      { path: '/admin/tags', label: 'section.tags' },
      { path: '/admin/fields', label: 'section.fields' },
    ],
  },
  {
    label: 'nav.system',
    sections: [
      { path: '/admin/security', label: 'section.security' },
      { path: '/admin/settings', label: 'section.settings' },
      { path: '/admin/audit', label: 'section.audit' },
      { path: '/admin/health', label: 'section.health' },
    ],
  },
];

function isOffered({ path }: Section) {
  const route = routes.find((r) => r.path === path);
  return !!route && (!route.needs || session.canAny(route.needs));
}

/** What the caller may reach, without empty groups. */
export const offered = () =>
  all.map((g) => ({ ...g, sections: g.sections.filter(isOffered) })).filter((g) => g.sections.length);
