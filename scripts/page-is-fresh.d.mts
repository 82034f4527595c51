export function isPageFresh(root: string): boolean;
