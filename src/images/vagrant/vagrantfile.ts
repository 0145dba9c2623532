/**
 * The Vagrantfile inside of a box: defaults, which the user's own Vagrantfile overrides. The image has the user that
 * its base came with, and the key that it was built with, not Vagrant's well-known one.
 */
export function vagrantfile(): string {
  return `# Defaults of this box; your own Vagrantfile overrides them. It must say which key the image was built with:
#   config.ssh.private_key_path = "secrets/netsil-builder_ed25519"
Vagrant.configure("2") do |config|
  config.ssh.username = "core"
  config.ssh.insert_key = false
  config.vm.synced_folder ".", "/vagrant", disabled: true
end
`;
}
