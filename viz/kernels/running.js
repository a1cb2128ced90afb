export function createRunning(root) { return { root }; }
export function showRunning(view, scene) { view.scene = scene; }
