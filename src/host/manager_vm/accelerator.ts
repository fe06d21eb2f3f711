import { EnvironmentError, UsageError } from "../../shared/errors.ts";

/** What runs the manager's virtual CPUs. */
export type Accelerator = "kvm" | "tcg";

/** What the user asked for. */
export type AcceleratorChoice = "auto" | Accelerator;

/** What KVM can do here, as QEMU found by asking it. */
export type KvmFacts =
  | { readonly usable: false; readonly reason: string }
  | {
    readonly usable: true;
    /** Virtual machines see `vmx` or `svm`, so can run virtual machines. */
    readonly nested: boolean;
  };

const TCG_HINT =
  "or emulate the CPU, which is slow and no security boundary in QEMU's view: --accel tcg or CONTRACTOR_ACCEL=tcg";

/** Parses the value of `--accel` or `CONTRACTOR_ACCEL`. */
export function parseAcceleratorChoice(text: string): AcceleratorChoice {
  if (text === "auto" || text === "kvm" || text === "tcg") return text;
  throw new UsageError(
    "accelerator-unknown",
    `Cannot use the accelerator "${text}"`,
    { hint: "Use auto, kvm or tcg" },
  );
}

/**
 * Decides on the accelerator. KVM needs more than a device that opens: on some
 * machines that works, and yet no kernel ever boots.
 *
 * @param kvm asked for only if the choice depends on it
 * @throws {EnvironmentError} if KVM is wanted and does not truly work
 */
export async function chooseAccelerator(
  choice: AcceleratorChoice,
  kvm: () => Promise<KvmFacts>,
): Promise<Accelerator> {
  if (choice === "tcg") return "tcg";
  const facts = await kvm();
  if (!facts.usable) {
    throw new EnvironmentError(
      "kvm-unusable",
      `Cannot use hardware virtualization: ${facts.reason}`,
      {
        hint:
          `Turn virtualization on in the firmware and give your user access to /dev/kvm (group kvm), ${TCG_HINT}`,
      },
    );
  }
  if (!facts.nested) {
    throw new EnvironmentError(
      "kvm-not-nested",
      "Cannot use hardware virtualization: KVM offers virtual machines neither vmx nor svm",
      {
        hint:
          `Turn nested virtualization on (nested=1 for the module kvm_intel or kvm_amd; in a virtual machine, in its host), ${TCG_HINT}`,
      },
    );
  }
  return "kvm";
}
