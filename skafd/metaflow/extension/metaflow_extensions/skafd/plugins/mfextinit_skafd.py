"""What skafd adds to Metaflow. It is found by its place on the path, and never installed.

An error in a plugin would break every `import metaflow`: each stands behind a guard.
"""

CLIS_DESC = [("skafd", ".guarded_cli.cli")]
STEP_DECORATORS_DESC = [("skafd_internal", ".guarded_decorator.SkafdInternalDecorator")]
DEPLOYER_IMPL_PROVIDERS_DESC = [("skafd", ".guarded_deployer.SkafdDeployer")]
