/**
 * The Open Virtualization Format 1.0 (DMTF DSP0243): what machine a disk wants. Element names, namespaces and the
 * alphabetical order inside an item are the specification's; the numbers of resource types are CIM's
 * (CIM_ResourceAllocationSettingData).
 */

/** Hardware that differs between the products which read it. */
export interface OvfHardware {
  /** VMware's `vmx-…`, or VirtualBox's `virtualbox-…`: vSphere refuses those it does not know. */
  readonly systemType: string;
  readonly controller: { readonly resourceType: number; readonly subType: string; readonly caption: string };
}

/** For vSphere and VirtualBox alike: both have this controller and this network card. ESXi 6.5 has version 13. */
export const SHARED_HARDWARE: OvfHardware = {
  systemType: 'vmx-13',
  controller: { resourceType: 6, subType: 'lsilogic', caption: 'SCSI controller 0' },
};

/** What VirtualBox itself exports. */
export const VIRTUALBOX_HARDWARE: OvfHardware = {
  systemType: 'virtualbox-2.2',
  controller: { resourceType: 20, subType: 'AHCI', caption: 'SATA controller 0' },
};

export interface OvfMachine {
  readonly name: string;
  readonly hardware: OvfHardware;
  /** The disk's file, beside the OVF. */
  readonly file: { readonly name: string; readonly bytes: number };
  readonly disk: {
    readonly virtualSizeBytes: number;
    /** Bytes of the disk that hold data. */
    readonly dataBytes: number;
  };
}

const CPUS = 2;
const MEMORY_MIB = 2048;
const STREAM_OPTIMIZED = 'http://www.vmware.com/interfaces/specifications/vmdk.html#streamOptimized';
/** The name that ESXi gives its first network; others are chosen at the import. */
const NETWORK = 'VM Network';
/** CIM_OperatingSystem: Linux, 64 bits. */
const LINUX_64 = 101;

/** What a user may give a new machine: read by cloud-init's OVF data source, and by Ignition (the last two). */
const PROPERTIES: readonly (readonly [key: string, label: string])[] = [
  ['instance-id', 'Id of the instance; another one makes first-boot work happen again'],
  ['hostname', 'Host name'],
  ['public-keys', 'SSH public keys'],
  ['user-data', 'cloud-init user data, base64'],
  ['guestinfo.ignition.config.data', 'Ignition configuration'],
  ['guestinfo.ignition.config.data.encoding', 'Its encoding: base64, gzip+base64, or nothing'],
];

/** The OVF of a machine with one disk and one network card. */
export function ovfText(machine: OvfMachine): string {
  return `<?xml version="1.0" encoding="UTF-8"?>
<Envelope ovf:version="1.0" xml:lang="en-US"
    xmlns="http://schemas.dmtf.org/ovf/envelope/1"
    xmlns:ovf="http://schemas.dmtf.org/ovf/envelope/1"
    xmlns:rasd="http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/CIM_ResourceAllocationSettingData"
    xmlns:vssd="http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/CIM_VirtualSystemSettingData"
    xmlns:vmw="http://www.vmware.com/schema/ovf"
    xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
${diskSections(machine)}
  <NetworkSection>
    <Info>The network</Info>
    <Network ovf:name="${NETWORK}">
      <Description>The network that the machine is on</Description>
    </Network>
  </NetworkSection>
${virtualSystem(machine)}
</Envelope>
`;
}

function diskSections({ file, disk }: OvfMachine): string {
  return `  <References>
    <File ovf:href="${xml(file.name)}" ovf:id="file1" ovf:size="${file.bytes}"/>
  </References>
  <DiskSection>
    <Info>The disk</Info>
    <Disk ovf:capacity="${disk.virtualSizeBytes}" ovf:diskId="vmdisk1" ovf:fileRef="file1"
        ovf:format="${STREAM_OPTIMIZED}" ovf:populatedSize="${disk.dataBytes}"/>
  </DiskSection>`;
}

function virtualSystem({ name, hardware }: OvfMachine): string {
  return `  <VirtualSystem ovf:id="${xml(name)}">
    <Info>A virtual machine</Info>
    <Name>${xml(name)}</Name>
    <OperatingSystemSection ovf:id="${LINUX_64}" vmw:osType="other3xLinux64Guest">
      <Info>The operating system</Info>
      <Description>Linux, 64 bits</Description>
    </OperatingSystemSection>
    <VirtualHardwareSection ovf:transport="com.vmware.guestInfo">
      <Info>What the machine needs</Info>
      <System>
        <vssd:ElementName>Virtual hardware</vssd:ElementName>
        <vssd:InstanceID>0</vssd:InstanceID>
        <vssd:VirtualSystemIdentifier>${xml(name)}</vssd:VirtualSystemIdentifier>
        <vssd:VirtualSystemType>${hardware.systemType}</vssd:VirtualSystemType>
      </System>
${itemsOf(hardware).map(item).join('\n')}
    </VirtualHardwareSection>
    <ProductSection>
      <Info>What a new machine may be given</Info>
      <Product>${xml(name)}</Product>
${PROPERTIES.map(property).join('\n')}
    </ProductSection>
  </VirtualSystem>`;
}

/** The fields of one device; their order is the alphabet's. */
type Item = Readonly<Record<string, string | number>>;

function itemsOf({ controller }: OvfHardware): readonly Item[] {
  return [
    {
      AllocationUnits: 'hertz * 10^6',
      ElementName: `${CPUS} processors`,
      InstanceID: 1,
      ResourceType: 3,
      VirtualQuantity: CPUS,
    },
    {
      AllocationUnits: 'byte * 2^20',
      ElementName: `${MEMORY_MIB} MiB of memory`,
      InstanceID: 2,
      ResourceType: 4,
      VirtualQuantity: MEMORY_MIB,
    },
    {
      Address: 0,
      ElementName: controller.caption,
      InstanceID: 3,
      ResourceSubType: controller.subType,
      ResourceType: controller.resourceType,
    },
    {
      AddressOnParent: 0,
      ElementName: 'Disk 1',
      HostResource: 'ovf:/disk/vmdisk1',
      InstanceID: 4,
      Parent: 3,
      ResourceType: 17,
    },
    {
      AddressOnParent: 7,
      AutomaticAllocation: 'true',
      Connection: NETWORK,
      ElementName: 'Network adapter 1',
      InstanceID: 5,
      ResourceSubType: 'E1000',
      ResourceType: 10,
    },
  ];
}

function item(fields: Item): string {
  const lines = Object.entries(fields).map(
    ([key, value]) => `        <rasd:${key}>${xml(String(value))}</rasd:${key}>`,
  );
  return `      <Item>\n${lines.join('\n')}\n      </Item>`;
}

function property([key, label]: readonly [string, string]): string {
  return `      <Property ovf:key="${key}" ovf:type="string" ovf:userConfigurable="true" ovf:value="">
        <Label>${xml(label)}</Label>
      </Property>`;
}

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

/** Text as it stands in XML, in an attribute too. Control characters, which XML cannot hold, are left out. */
function xml(text: string): string {
  return text.replace(/\p{Cc}/gu, '').replace(/[&<>"]/g, (character) => ENTITIES[character] ?? character);
}
