export function createGallery(root) { return { root }; }
export function showGallery(view, scene) { view.scene = scene; }
