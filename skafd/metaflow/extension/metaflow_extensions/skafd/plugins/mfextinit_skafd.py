"""What skafd adds to Metaflow. It is found by its place on the path, and never installed.

An error in a plugin would break every `import metaflow`: what is named here needs nothing that may be missing.
"""

CLIS_DESC = [("skafd", ".skafd_cli.cli")]
STEP_DECORATORS_DESC = [("skafd_internal", ".skafd_decorator.SkafdInternalDecorator")]
DEPLOYER_IMPL_PROVIDERS_DESC = [("skafd", ".skafd_deployer.SkafdDeployer")]
