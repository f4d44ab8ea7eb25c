  pushq %rbp
  movq %rsp, %rbp
  subq $0x20, %rsp
  movq %rbx, 0x10(%rsp)
  movq %r12, 0x18(%rsp)
block0:
  movq %rsi, %r12
  movl %edx, <offset:1>+(%rsp)
  movq 0x38(%rdi), %rbx
  movl 0xf000(%rbx), %eax
  movl 0xf004(%rbx), %ecx
  leal 0x10(%rax), %edx
  cmpl %ecx, %edx
  jnbe    label2; j label1
block1:
  leal 0x10(%rax), %ecx
  movl %ecx, 0xf000(%rbx)
  movl $0x2, %ecx
  orl 0x40(%rdi), %ecx
  movl %eax, %edx
  movl %ecx, (%rbx, %rdx)
  jmp     label3
block3:
  movl %eax, %ecx
  movq %r12, %rsi
  movl %esi, 4(%rbx, %rcx)
  movl <offset:1>+(%rsp), %edx
  movl %edx, 8(%rbx, %rcx)
  movq 0x10(%rsp), %rbx
  movq 0x18(%rsp), %r12
  addq $0x20, %rsp
  movq %rbp, %rsp
  popq %rbp
  retq
block2:
  movq 0x10(%rdi), %rax
  movq 0x100(%rax), %rax
  uninit  %rcx
  xorl %ecx, %ecx
  movl %ecx, %esi
  movl %ecx, %edx
  call    *%rax
  ; UserStackMap { by_type: [(types::I32, CompoundBitSet {0})], sp_to_sized_stack_slots: None }
  jmp     label3

  pushq %rbp
  movq %rsp, %rbp
  subq $0x10, %rsp
  movq %rbx, (%rsp)
block0:
  movq 0x38(%rdi), %rbx
  movl 0xf000(%rbx), %eax
  movl 0xf004(%rbx), %ecx
  leal 0x10(%rax), %edx
  cmpl %ecx, %edx
  jnbe    label2; j label1
block1:
  leal 0x10(%rax), %ecx
  movl %ecx, 0xf000(%rbx)
  movl $0x2, %ecx
  orl 0x44(%rdi), %ecx
  movl %eax, %edx
  movl %ecx, (%rbx, %rdx)
  jmp     label3
block3:
  uninit  %rcx
  xorl %ecx, %ecx
  movl %eax, %edx
  movb %cl, 6(%rbx, %rdx)
  movw %cx, 4(%rbx, %rdx)
  movq $0x0, 8(%rbx, %rdx)
  movq (%rsp), %rbx
  addq $0x10, %rsp
  movq %rbp, %rsp
  popq %rbp
  retq
block2:
  movq 0x10(%rdi), %rax
  movq 0x100(%rax), %rax
  movl $0x1, %ecx
  uninit  %rdx
  xorl %edx, %edx
  movl %ecx, %esi
  movl %edx, %edx
  call    *%rax
  jmp     label3

  pushq %rbp
  movq %rsp, %rbp
block0:
  movq %rsi, %r8
  movq 0x38(%rdi), %rsi
  movq %r8, %rdi
  movl %edi, %edi
  movl 4(%rsi, %rdi), %eax
  movq %rbp, %rsp
  popq %rbp
  retq

  pushq %rbp
  movq %rsp, %rbp
block0:
  movq %rsi, %r8
  movq 0x38(%rdi), %rsi
  movq %r8, %rdi
  movl %edi, %edi
  movl 8(%rsi, %rdi), %eax
  movq %rbp, %rsp
  popq %rbp
  retq

  pushq %rbp
  movq %rsp, %rbp
block0:
  movq 0x38(%rdi), %rdi
  movl %esi, %r8d
  movsbq 6(%rdi, %r8), %r9
  movzwq 4(%rdi, %r8), %rdi
  leal (%r9, %rdi), %eax
  movq %rbp, %rsp
  popq %rbp
  retq

  pushq %rbp
  movq %rsp, %rbp
block0:
  movq 0x38(%rdi), %r9
  movl %esi, %r10d
  movq %rsi, %rcx
  movl (%r9, %r10), %esi
  testl $0x2, %esi
  jnz     label1; j label2
block1:
  jmp     label3
block3:
  movl %edx, 8(%r9, %r10)
  movq %rbp, %rsp
  popq %rbp
  retq
block2:
  movq 0xf008(%r9), %rax
  movl %ecx, (%rax)
  leaq 4(%rax), %rax
  movq %rax, 0xf008(%r9)
  orl $0x2, %esi
  movl %esi, (%r9, %r10)
  jmp     label3

  pushq %rbp
  movq %rsp, %rbp
block0:
  movq %rsi, %r8
  movq 0x38(%rdi), %rsi
  movq %r8, %rdi
  movl %edi, %edi
  movl $0x0, 8(%rsi, %rdi)
  movq %rbp, %rsp
  popq %rbp
  retq

  pushq %rbp
  movq %rsp, %rbp
  subq $0x40, %rsp
  movq %rbx, 0x10(%rsp)
  movq %r12, 0x18(%rsp)
  movq %r13, 0x20(%rsp)
  movq %r14, 0x28(%rsp)
  movq %r15, 0x30(%rsp)
block0:
  movq %rsi, %r14
  movq 0x38(%rdi), %r13
  movl 0x40(%rdi), %ebx
  movq 0x10(%rdi), %rax
  movq %rdi, %r15
  movq 0x100(%rax), %r12
  uninit  %rax
  xorl %eax, %eax
  jmp     label1
block1:
  movl %eax, <offset:1>+(%rsp)
  movl 0xf000(%r13), %eax
  movl 0xf004(%r13), %edx
  leal 0x10(%rax), %ecx
  cmpl %edx, %ecx
  jnbe    label3; j label2
block2:
  movl %ecx, 0xf000(%r13)
  movq %rbx, %rcx
  orl $0x2, %ecx
  movl %eax, %edx
  movl %ecx, (%r13, %rdx)
  jmp     label4
block4:
  movl %eax, %ecx
  movq %r14, %rsi
  movl %esi, 4(%r13, %rcx)
  movl <offset:1>+(%rsp), %edx
  movl %edx, 8(%r13, %rcx)
  subl $0x1, %esi
  testl %esi, %esi
  jnz     label5; j label6
block5:
  movq %rsi, %r14
  jmp     label1
block6:
  movq 0x10(%rsp), %rbx
  movq 0x18(%rsp), %r12
  movq 0x20(%rsp), %r13
  movq 0x28(%rsp), %r14
  movq 0x30(%rsp), %r15
  addq $0x40, %rsp
  movq %rbp, %rsp
  popq %rbp
  retq
block3:
  uninit  %rax
  xorl %eax, %eax
  movl %eax, %esi
  movl %eax, %edx
  movq %r15, %rdi
  call    *%r12
  ; UserStackMap { by_type: [(types::I32, CompoundBitSet {0})], sp_to_sized_stack_slots: None }
  jmp     label4

