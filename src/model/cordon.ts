/** Annotation of a Node that kboot cordoned: only such a Node is uncordoned by kboot, too. */
export const cordonedBy = 'kboot.dev/cordoned-by';
